"""The update client: what an appliance trusts comes through The Update Framework, by network or by stick.

    source       a repository over HTTP(S) or in a folder; believed in nothing
    pin          the first root, by its SHA-256 or as a file
    take_in      `update`: fetch, verify, stage, switch
    proved       `prove`: what is in force, proved again from the disk, offline

    chain        TUF metadata, from the pinned root down to a region
    region       what a region may publish
    metadata_in, region_in   the two halves of taking in
    held         what a generation on the disk is worth
    place, stage, folder     the trust folder: generations, switched by one rename
    files                    reading what a stranger may have left

Whatever is refused leaves the last verified state in force and raises `UpdateError`, with a cause for the log and words
for people.
"""

from keys.errors import FetchError, NotThereError, UpdateCause, UpdateError
from keys.update.outcome import Outcome, Refused
from keys.update.pin import pin_root, pin_root_file, pinned_digest
from keys.update.proved import Proved, current_generation, prove
from keys.update.source import FolderSource, Source, open_source
from keys.update.step import Phase, Progress, Step, unheard
from keys.update.take_in import update

__all__ = [
    "FetchError",
    "FolderSource",
    "NotThereError",
    "Outcome",
    "Phase",
    "Progress",
    "Proved",
    "Refused",
    "Source",
    "Step",
    "UpdateCause",
    "UpdateError",
    "current_generation",
    "open_source",
    "pin_root",
    "pin_root_file",
    "pinned_digest",
    "prove",
    "unheard",
    "update",
]

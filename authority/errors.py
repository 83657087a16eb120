"""What can go wrong at an authority's desk.

AuthorityError                  the caller handles: show the sentence, change something, try again
├── FolderError                 the authority's folder is missing, damaged or readable by others
├── RequestError                a code, key or colour that may not be issued as asked
├── UnknownCodeError            no such code in the register
├── PublishError                publishing would break a promise already given (time running backwards)
├── RepositoryError             a file of the TUF repository, a role's key or a draft is not what it must be
├── PassphraseError             no passphrase, or none that may protect a key
├── JournalFileError            a journal file whose sealed parts cannot be read
└── HubLineError                the hub cannot be reached, or does not answer as a hub does
    └── LogError                … about one of its logs; the others may be well

A wrong passphrase is `keys.errors.KeyFileError`, sealed bytes that do not open `keys.errors.SealError`.
"""

from __future__ import annotations

from keys.printable import printable


class AuthorityError(Exception):
    """Base of everything the authority refuses; the message is one sentence with what to do."""


class FolderError(AuthorityError):
    """The authority's folder is missing, damaged, already there, or readable by others."""


class RequestError(AuthorityError):
    """What was asked may not be issued."""


class UnknownCodeError(AuthorityError):
    """No code of this identity was ever issued here."""


class PublishError(AuthorityError):
    """Publishing now would contradict what was published before."""


class RepositoryError(AuthorityError):
    """The repository, one of its roles or keys, or a draft for it is not what it must be.

    Its words may repeat a stranger's, and are printable all the same.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class PassphraseError(AuthorityError):
    """There is no passphrase, or it may not protect a key."""


class JournalFileError(AuthorityError):
    """The journal file cannot be read."""


class HubLineError(AuthorityError):
    """The hub cannot be reached, refuses, or answers with something else than it should.

    Its words may repeat a stranger's, and are printable all the same.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class LogError(HubLineError):
    """The hub does not hand over one log as it should, or cannot any more."""

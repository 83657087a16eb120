"""One update in a process of its own: `python -m scanner.updates.process --config FILE --from SOURCE`.

Exit status 0 when the source was reached and what it gave was good, new or not; 3 when it was not, which the report
tells that it leaves; anything else when it could not even leave a report.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scanner.config.loader import load
from scanner.config.problems import ConfigError
from scanner.updates.attempt import attempt
from scanner.updates.report import NOT_GOOD, Result

MODEST = 10
"""Niceness: a lane's work comes first."""


def main() -> int:
    """Do it and return the exit status."""
    parser = argparse.ArgumentParser(prog="scanner.updates.process")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--from", dest="source", required=True)
    arguments = parser.parse_args()
    os.nice(MODEST)
    try:
        configuration = load(arguments.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    report, _ = attempt(configuration, arguments.source)
    return 0 if report.result in {Result.TAKEN_IN, Result.NOTHING_NEW} else NOT_GOOD


if __name__ == "__main__":
    sys.exit(main())

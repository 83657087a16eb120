"""Checks of every part of an appliance, each with a sentence and what to do: what `checkpoint doctor` shows.

Nothing here changes anything, and nothing takes a device that a running engine has: where an engine answers, its own
view is told instead.
"""

from scanner.health.finding import Finding, Grade

__all__ = ["Finding", "Grade"]

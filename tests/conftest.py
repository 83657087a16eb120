"""What every test takes for granted."""

from __future__ import annotations

import signal

from hypothesis import settings

# A background job of a shell ignores Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that does much else may take long for any one example; what is judged by the clock is marked `alone`.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

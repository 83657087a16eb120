"""The screen as a process on a pty, told what to show over the real socket, and timed by what it writes."""

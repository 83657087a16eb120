"""The staged world of `checkpoint demo`, reused by tests."""

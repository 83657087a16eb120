"""The guard's screen: a Textual application, and a client of the engine's control socket like any other."""

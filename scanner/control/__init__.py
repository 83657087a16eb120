"""The control socket between the engine and its screens."""

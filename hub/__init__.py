"""The relay in the middle; holds no secret. Not built yet: see docs/architecture.md."""

"""What is in view besides what was read: why a code cannot be read, and which codes are the same over time. Pure."""

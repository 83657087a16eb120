"""A made-up country of 50 million codes, and what its status lists cost."""

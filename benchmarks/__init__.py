"""What `checkpoint bench` runs."""

"""What `checkpoint bench hub` runs: gates that exist in numbers, a hub as a process, a PostgreSQL of its own."""

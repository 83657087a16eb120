"""What an update of a whole country costs: a federation that publishes it, and a server that counts what is sent."""

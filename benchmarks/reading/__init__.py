"""Reading codes: photographs, the worth of each harder look, and the whole way of a frame on one core."""

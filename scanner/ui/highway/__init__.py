"""The highway officer's screen: a vehicle's plate, the people in it, and one result for all of them."""

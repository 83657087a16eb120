"""The appliance at the gate."""

"""The log: entries, their store, their tree and its proofs."""

"""Bringing the appliance up to date: when, from where, and what became of it.

What may be believed is decided in `keys.update`, in a process of its own that anybody may kill; the engine proves the
result again before it counts.
"""

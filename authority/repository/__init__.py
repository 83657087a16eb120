"""The TUF repository: who may publish what, which keys say so, and what an appliance finds there.

layout        names, paths, lifetimes, limits
metadata      signing and reading one file
folder        the published folder, read and written whole
proof         proving it as a reader would
role_keys     the halves of Ed25519 role keys
vault         a private folder: keys, settings, audit, lock
region        a region publishes under its own role
region_check  what a federation asks of that before it vouches for it
top_roles     root and targets, in force and drafted
draft         metadata that still gathers signatures
federation    who owns root, targets, snapshot, timestamp
release       each region's newest, under a new snapshot and timestamp
pruning       what nobody names any more
"""

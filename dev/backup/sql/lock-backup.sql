-- One backup of an installation at a time.
lock table locks.backup in exclusive mode nowait

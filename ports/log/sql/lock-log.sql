lock table locks.log in exclusive mode nowait

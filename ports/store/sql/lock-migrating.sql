lock table locks.migrating in exclusive mode

-- As whoever lets go what is over: it waits, so that no picture goes between the rows that name it and itself.
lock table locks.retention in exclusive mode

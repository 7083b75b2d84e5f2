select take_lock($1)

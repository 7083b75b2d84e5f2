select try_lock($1) as taken

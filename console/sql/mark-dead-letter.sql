update dead_letters set state = $2 where id = $1

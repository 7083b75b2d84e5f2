update erasures set error = $2 where id = $1

select 1 from migrations where name = $1

-- As it is written by those who keep the list.
select name from pg_timezone_names where lower(name) = lower($1)

-- One that is of a table of somebody else's is not there.
select setval(to_regclass($1), $2) where to_regclass($1) is not null

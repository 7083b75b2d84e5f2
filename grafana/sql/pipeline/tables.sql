-- With their indexes; of hypertables with all of their chunks, as the server knows of them.
select case schema_name when 'public' then table_name else schema_name || '.' || table_name end as "table", bytes
from table_sizes()
where bytes > 0
order by bytes desc, 1
limit 20

select pid from pg_locks where locktype = 'advisory' and granted

select pid from pg_locks where relation = 'locks.log'::regclass and granted

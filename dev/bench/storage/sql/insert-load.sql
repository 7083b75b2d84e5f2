insert into bench_load (load) values ($1)

create table bench_load (load jsonb not null)

select load from bench_load

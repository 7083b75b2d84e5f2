select id, gone from erasures

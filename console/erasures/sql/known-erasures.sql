select id from erasures

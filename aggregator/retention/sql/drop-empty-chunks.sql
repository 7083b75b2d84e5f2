select drop_empty_chunks($1::text::regclass, $2) as dropped

insert into erasure_leftovers (erasure_id, key) select $1, key from unnest($2::text[]) as key

delete from erasure_leftovers where erasure_id = $1 and key = any($2::text[])

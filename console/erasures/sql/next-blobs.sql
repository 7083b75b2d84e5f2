select distinct key from erasure_leftovers where erasure_id = $1 and key is not null order by key limit $2

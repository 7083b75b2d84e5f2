-- Blobs that are over by $3.
select key, class, size_bytes from expired_blobs where key > $1 and expired_at <= $3 order by key limit $2

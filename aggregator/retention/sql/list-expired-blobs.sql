select key, class, size_bytes from expired_blobs where key > $1 order by key limit $2

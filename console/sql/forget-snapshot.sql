delete from expired_blobs where key = $1

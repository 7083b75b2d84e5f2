select count(*) as left from expired_blobs

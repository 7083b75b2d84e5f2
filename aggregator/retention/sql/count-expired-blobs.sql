select count(*) as left from expired_blobs where expired_at <= $1

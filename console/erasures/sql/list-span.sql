insert into erasure_list (erasure_id, device_id, reach, during)
values ($1, $2, 'everything', tstzrange($3, $4, '[)'))

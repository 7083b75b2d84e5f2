delete from log.changelog
where (topic, partition, key) in (select * from unnest($1::text[], $2::integer[], $3::text[]))

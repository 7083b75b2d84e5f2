select "offset", key, value, headers, appended_at from log.records
where topic = $1 and partition = $2 and "offset" >= $3
order by "offset"
limit $4

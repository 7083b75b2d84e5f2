insert into log.changelog (topic, partition, key, value, headers, appended_at)
select topic, partition, key, value, headers, $6::timestamptz
from unnest($1::text[], $2::integer[], $3::text[], $4::bytea[], $5::jsonb[]) as incoming (topic, partition, key, value, headers)
order by topic, partition, key
on conflict (topic, partition, key) do update
set value = excluded.value, headers = excluded.headers, appended_at = excluded.appended_at

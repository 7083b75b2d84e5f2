insert into log.partitions (topic, partition)
select topic, partition
from unnest($1::text[]) as topic, generate_series(0, $2::integer - 1) as partition
on conflict do nothing

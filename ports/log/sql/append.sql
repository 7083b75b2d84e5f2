-- Rows of log.partitions are locked in one order, whoever appends to whatever: no two appends wait for each other.
with incoming as (
  select * from unnest($1::text[], $2::integer[], $3::text[], $4::bytea[], $5::jsonb[])
    with ordinality as incoming (topic, partition, key, value, headers, place)
),
sizes as (
  select topic, partition, count(*) as records from incoming group by topic, partition
),
locked as (
  select topic, partition from log.partitions
  where (topic, partition) in (select topic, partition from sizes)
  order by topic, partition
  for update
),
advanced as (
  update log.partitions
  set next_offset = partitions.next_offset + sizes.records
  from sizes join locked using (topic, partition)
  where partitions.topic = sizes.topic and partitions.partition = sizes.partition
  returning partitions.topic, partitions.partition, partitions.next_offset - sizes.records as base
)
insert into log.records (topic, partition, "offset", key, value, headers, appended_at)
select
  topic, partition,
  base + row_number() over (partition by topic, partition order by place) - 1,
  key, value, headers, $6::timestamptz
from incoming join advanced using (topic, partition)

-- What nobody has begun to read is nobody's yet: it stays, as somebody may.
with bounds as (
  select topic, partition, min(next_offset) as consumed from log.offsets group by topic, partition
),
going as (
  select records.topic, records.partition, records."offset"
  from log.records
  join bounds on bounds.topic = records.topic and bounds.partition = records.partition
  where records.key = $1 and records."offset" < bounds.consumed
  limit $2
)
delete from log.records
using going
where records.topic = going.topic and records.partition = going.partition and records."offset" = going."offset"
returning 1 as one

select
  partitions.partition,
  coalesce(offsets.next_offset, 0) as committed,
  partitions.next_offset - coalesce(offsets.next_offset, 0) as records,
  (
    select appended_at from log.records
    where records.topic = partitions.topic
      and records.partition = partitions.partition
      and records."offset" >= coalesce(offsets.next_offset, 0)
    order by "offset"
    limit 1
  ) as oldest_at
from log.partitions
left join log.offsets
  on offsets."group" = $2 and offsets.topic = partitions.topic and offsets.partition = partitions.partition
where partitions.topic = $1
order by partitions.partition

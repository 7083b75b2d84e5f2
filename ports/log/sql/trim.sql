-- What every group that reads a topic has consumed goes early, what nobody reads goes late. What some group has yet to
-- read stays, however old: the clock is no reason to lose what was acknowledged.
with bounds as (
  select
    partitions.topic, partitions.partition,
    min(offsets.next_offset) as consumed,
    topics.keep_until
  from log.partitions
  join unnest($1::text[], $2::timestamptz[]) as topics (topic, keep_until) on topics.topic = partitions.topic
  left join log.offsets on offsets.topic = partitions.topic and offsets.partition = partitions.partition
  group by partitions.topic, partitions.partition, topics.keep_until
),
oldest as (
  select records.*, bounds.consumed, bounds.keep_until
  from bounds
  cross join lateral (
    select topic, partition, "offset", appended_at from log.records
    where records.topic = bounds.topic and records.partition = bounds.partition
    order by "offset"
    limit $4
  ) as records
)
delete from log.records
using oldest
where records.topic = oldest.topic
  and records.partition = oldest.partition
  and records."offset" = oldest."offset"
  and (oldest.consumed is null or oldest."offset" < oldest.consumed)
  and oldest.appended_at < case when oldest.consumed is null then oldest.keep_until else $3::timestamptz end
returning 1 as one

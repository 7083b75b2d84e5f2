-- What became of frames, in buckets from $1 to $2 of $3 seconds each; of everybody's devices, or of one owner's, or of one
-- device. What nobody knows the sender of is everybody's alone.
with counted as (
  select
    floor(extract(epoch from minute - $1::timestamptz) / $3)::integer as bucket,
    code,
    status,
    sum(count)::bigint as count
  from ingest_outcomes
  where minute >= $1 and minute < $2
    and ($4::uuid is null or device_id = any(array(select id from devices where owner_id = $4)))
    and ($5::text is null or device_id = $5)
  group by 1, 2, 3
)
select
  $1::timestamptz + bucket * $3 * interval '1 s' as at,
  coalesce(sum(count) filter (where status = 202), 0)::bigint as accepted,
  coalesce(sum(count) filter (where status = 200), 0)::bigint as duplicates,
  coalesce(sum(count) filter (where status between 400 and 499), 0)::bigint as refused,
  coalesce(sum(count) filter (where status >= 500), 0)::bigint as unavailable,
  coalesce(
    json_agg(json_build_object('code', code, 'count', count) order by count desc, code) filter (where status >= 400), '[]'
  ) as codes
from generate_series(0, ceil(extract(epoch from $2::timestamptz - $1::timestamptz) / $3)::integer - 1) as bucket
left join counted using (bucket)
group by bucket
order by bucket

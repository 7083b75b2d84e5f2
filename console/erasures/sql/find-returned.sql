-- Of blobs of a device that no row may name any more, those that show what was erased. When a frame was taken its claim
-- says, by what the blob's name says of it; a drawing is of an event that began then, and may have lasted for a day, or of
-- a frame a little before it, if it is of who is somewhere.
with named as (
  select *
  from unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::timestamptz[])
    as named (key, epoch, seq, stated_ms, drawn_at)
),
taken as (
  select named.key, claims.captured_at as from_at, claims.captured_at as to_at
  from named
  join frame_claims as claims on claims.device_id = $1 and claims.epoch = named.epoch and claims.seq = named.seq
  union all
  select named.key, claims.captured_at, claims.captured_at
  from named
  join frame_claims as claims on claims.device_id = $1 and claims.epoch = 0 and claims.stated_ms = named.stated_ms
  union all
  select
    key,
    drawn_at - case when key ~ '/(zone_entered|zone_left|line_crossed|loitering)_[^/]*$' then interval '3 minutes' else interval '0' end,
    drawn_at + interval '1 day'
  from named
  where drawn_at is not null
)
select taken.key, (array_agg(erased.erasure_id))[1] as erasure_id
from taken
cross join lateral erasing($1, tstzrange(from_at, to_at, '[]'), null, true) as erased
where not exists (
    -- Two may have been stated to be of one millisecond.
    select
    from taken as also
    join captures on captures.captured_at = also.from_at and captures.blob_key = also.key
    where also.key = taken.key and captures.device_id = $1
  )
  and not exists (
    select from named
    join events on events.occurred_at = named.drawn_at and events.snapshot_path = named.key
    where named.key = taken.key and events.device_id = $1
  )
group by taken.key

-- Of events that somebody has deleted before: pictures of theirs that stayed, and may show what goes; and where all of their
-- time goes, that they were.
with taken as (
  select deleted_events.id, snapshot_path as key, bool_or(reach = 'everything') as is_gone
  from deleted_events
  join erasure_list on erasure_list.device_id = deleted_events.device_id and erasure_list.during && deleted_events.during
  where erasure_id = $1 and deleted_events.device_id = any($2::text[]) and reach in ('everything', 'frames')
  group by deleted_events.id, snapshot_path
),
gone as (
  delete from deleted_events using taken where deleted_events.id = taken.id and is_gone
),
unnamed as (
  update deleted_events set snapshot_path = null
  from taken
  where deleted_events.id = taken.id and not is_gone and key is not null
)
insert into erasure_leftovers (erasure_id, key) select distinct $1::uuid, key from taken where key is not null

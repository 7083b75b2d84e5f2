-- What the newest version of an event says counts, whichever was told now. One that goes on after all has no end any more.
with told as (
  select
    id, occurred_at, ended_at, device_id,
    case type when 'zone_entered' then data ->> 'zone_id' else '' end as zone_id
  from unnest($1::uuid[], $2::timestamptz[]) as told (id, occurred_at)
  join events using (id, occurred_at)
  -- By these it is known, before any row is looked for, in which chunks none can be.
  where events.occurred_at between $3 and $4
),
reopened as (
  delete from occupancy_changes
  using told
  where occupancy_changes.event_id = told.id and occupancy_changes.delta = -1 and told.ended_at is null
)
insert into occupancy_changes (event_id, delta, at, device_id, zone_id)
select id, 1, occurred_at, device_id, zone_id from told
union all
select id, -1, ended_at, device_id, zone_id from told where ended_at is not null
on conflict (event_id, delta) do update set at = excluded.at where occupancy_changes.at <> excluded.at

insert into deleted_events (id, device_id, during, snapshot_path, deleted_at)
values (
  $1, $2,
  event_span(
    $3, $4::timestamptz, $5::timestamptz,
    case when jsonb_typeof($6::jsonb -> 'stay_ms') = 'number' then ($6::jsonb ->> 'stay_ms')::numeric end
  ),
  $7, $8
)
on conflict (id) do nothing

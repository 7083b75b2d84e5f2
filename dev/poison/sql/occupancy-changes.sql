-- Both changes of one event, as one row: so the event is the key.
select event_id as key, jsonb_agg(jsonb_build_array(delta, at, device_id, zone_id) order by delta) as changes
from occupancy_changes
where event_id > $1::uuid
group by event_id
order by event_id
limit $2

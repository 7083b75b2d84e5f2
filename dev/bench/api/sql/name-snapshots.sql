-- One picture for all of them. $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
update events set snapshot_path = $5
from unnest($1::uuid[], $2::timestamptz[]) as newest (id, at)
where events.id = newest.id and events.occurred_at = newest.at
  and events.occurred_at between $3::timestamptz and $4::timestamptz

-- $4 and $5 are the first and the last time: so nothing is unpacked but what lies between them.
delete from visits
using unnest($2::uuid[], $3::timestamptz[]) as due (id, at)
where visits.id = due.id and visits.opened_at = due.at
  and visits.device_id = $1 and visits.opened_at between $4::timestamptz and $5::timestamptz
returning 1 as one

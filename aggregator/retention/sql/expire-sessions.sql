-- What was good until before $1 and lets nobody in any more: sessions, pairing codes, signatures that were noted.
with due as (
  select device_id, signature from seen_signatures where forget_at < $1 order by forget_at limit $2
),
ended as (
  delete from sessions where expires_at < $1 returning pg_column_size(sessions.*) as bytes
),
unpaired as (
  delete from pairings where expires_at < $1 returning pg_column_size(pairings.*) as bytes
),
forgotten as (
  delete from seen_signatures
  using due
  where seen_signatures.device_id = due.device_id and seen_signatures.signature = due.signature
  returning pg_column_size(seen_signatures.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes
from (table ended union all table unpaired union all table forgotten) as each

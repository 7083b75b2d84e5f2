-- Says in the event's row where its picture lies, if the row is there and does not say so yet.
with marked as (
  update events set snapshot_path = $3
  where id = $1 and occurred_at = $2 and snapshot_path is distinct from $3
)
select 1 as there from events where id = $1 and occurred_at = $2

-- Blobs that nothing names, nor is about to delete.
select key, count(*) over () as total
from listed_blobs
where not exists (select from captures where blob_key = listed_blobs.key)
  and not exists (select from events where snapshot_path = listed_blobs.key)
  and not exists (select from deleted_events where snapshot_path = listed_blobs.key)
  and not exists (select from expired_blobs where expired_blobs.key = listed_blobs.key)
  and not exists (select from erasure_leftovers where erasure_leftovers.key = listed_blobs.key)
order by key collate "C"
limit $1

-- Pictures that are over, and only wait for their turn to be deleted, whatever they show: they go with the erased ones.
with taken as (
  delete from expired_blobs
  where exists (
    select
    from unnest($2::text[]) as device_id
    cross join unnest(array['images', 'devices', 'snapshots']) as folder
    where starts_with(expired_blobs.key, folder || '/' || device_id || '/')
  )
  returning key
)
insert into erasure_leftovers (erasure_id, key) select $1, key from taken

select
  (select count(*) from listed_blobs) as blobs,
  (select count(*) from captures where blob_key is not null) as pictures,
  (select count(*) from events where snapshot_path is not null) as snapshots,
  (select count(*) from captures) as captures

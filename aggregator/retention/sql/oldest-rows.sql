-- Of each class when the oldest there is was taken or began, which an index knows, though its limit may count from when it
-- came or ended; null where there is nothing.
select
  (select min(captured_at) from captures where blob_key is not null) as frames,
  (select min(captured_at) from captures) as captures,
  (select min(captured_at) from observations) as observations,
  (select min(occurred_at) from events where snapshot_path is not null) as snapshots,
  (select min(occurred_at) from events) as events,
  (select min(opened_at) from visits) as visits,
  (select min(hour) from event_counts) as rollups,
  (select min(received_at) from frame_claims) as claims,
  (select min(recorded_at) from dead_letters) as "dead-letters",
  (select min(minute) from ingest_outcomes) as outcomes,
  (select at from audit_log order by number limit 1) as audit,
  (select finished_at from retention_runs order by finished_at limit 1) as receipts,
  (select min(expires_at) from sessions) as sessions

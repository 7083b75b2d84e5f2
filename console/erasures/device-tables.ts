/**
 * The tables of which an erased device loses every row, whatever its time. Those that hold what was seen (events, visits,
 * observations, captures, dead letters) are erased by what they tell of, for a person and a range too.
 */
export const DEVICE_TABLES = [
  'frame_claims',
  'seq_blocks',
  'ledger_hours',
  'ledger_duplicates',
  'dropped_ranges',
  'device_boots',
  'device_heartbeats',
  'config_versions',
  'seen_signatures',
  'pairings',
  'ingest_outcomes',
  'deleted_events',
  'event_counts',
  'event_days',
  'event_feed',
  'event_months',
  'visits_hourly_kept',
  'zones_hourly_kept',
  'crowds_hourly_kept',
  'rollups_kept_until',
  'occupancy_changes',
  'occupancy_days',
  'last_observations',
] as const;

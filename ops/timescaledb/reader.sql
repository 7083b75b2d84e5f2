-- Whom Grafana signs in as: may read results, and neither write nor see users. Runs at each start, so that a new
-- password and a new table are known; the password comes as the setting passerby.reader_password.
begin;
do $$
begin
  if not exists (select from pg_roles where rolname = 'passerby_reader') then
    create role passerby_reader;
  end if;
  execute format('alter role passerby_reader login password %L', current_setting('passerby.reader_password'));
end
$$;
alter role passerby_reader set default_transaction_read_only = on;
alter role passerby_reader set statement_timeout = '30s';
alter role passerby_reader set idle_in_transaction_session_timeout = '30s';
do $$
begin
  -- As a migration does it; a dump leaves it out.
  execute format('revoke temporary on database %I from public', current_database());
end
$$;
grant usage on schema public to passerby_reader;
grant select on captures, dead_letters, event_counts, events, observations, occupancy_changes, occupancy_days, visits
  to passerby_reader;
-- All but the digests of their tokens, which were not kept from it once.
revoke select on devices from passerby_reader;
grant select (
  id, created_at, last_seen_at, newest_captured_at, owner_id, site_id, name, epoch, activated_at, revoked_at, deleted_at,
  firmware_version, metadata, heartbeat_interval_s, silent_after, silent_since, heard_again_at, last_config_fetch_at,
  capture_mode, burst_until, requires_signature, retention, erased_at
) on devices to passerby_reader;
-- How devices do, and what their ledgers lack.
grant select on config_versions, device_heartbeats, dropped_ranges, ledger_hours, seq_blocks, sites to passerby_reader;
grant select on crowds_hourly, ingest_minutely, visits_daily, visits_hourly, zone_names, zones_hourly to passerby_reader;
-- The schema results, to which the migrations let its members.
grant passerby_results to passerby_reader;
commit;

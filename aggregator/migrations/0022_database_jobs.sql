-- What TimescaleDB does by itself for these tables: compresses what has grown old, adds up hours. Nothing on plain
-- PostgreSQL. A job fails where its last run did, or where none has gone through for three times as long as from one to the
-- next, or ever: it may be paused, or there may be nobody to run it.
create function database_jobs() returns table (work text, relation text, failing boolean)
language plpgsql stable
as $$
begin
  if to_regclass('timescaledb_information.jobs') is null then
    return;
  end if;
  return query
  select
    jobs.proc_name::text as work,
    jobs.hypertable_name::text as relation,
    coalesce(
      stats.last_run_status = 'Failed'
      or stats.last_successful_finish < now() - 3 * jobs.schedule_interval,
      true
    ) as failing
  from timescaledb_information.jobs
  left join timescaledb_information.job_stats as stats on stats.job_id = jobs.job_id
  where jobs.hypertable_name is not null;
end
$$;

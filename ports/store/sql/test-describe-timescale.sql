-- What TimescaleDB makes of the tables of a schema: their chunks, how these are compressed, sums that are kept ready, and
-- what its jobs do.
select line from (
  select format('hypertable %s: chunks of %s', hypertable_name, time_interval) as line
  from timescaledb_information.dimensions
  where hypertable_schema = $1

  union all
  select format('columnstore %s: segments by %s, order by %s', hypertable, segmentby, orderby)
  from timescaledb_information.hypertable_columnstore_settings
  where segmentby is not null

  union all
  select format(
    'continuous aggregate %s: %s', view_name,
    case when materialized_only then 'as of its last refresh' else 'with what came since its last refresh' end
  )
  from timescaledb_information.continuous_aggregates
  where view_schema = $1

  union all
  select format(
    'job %s: each %s %s', hypertable_name, schedule_interval, config - 'hypertable_id' - 'mat_hypertable_id'
  )
  from timescaledb_information.jobs
  where hypertable_schema = $1
) as described
order by line collate "C"

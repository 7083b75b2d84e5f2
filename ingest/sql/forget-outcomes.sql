with forgotten as (
  delete from outcome_writers where written_at < $1
)
delete from ingest_outcomes where minute < $1

-- What they do is done here, when nothing is measured.
select alter_job(job_id, scheduled => false) from timescaledb_information.jobs

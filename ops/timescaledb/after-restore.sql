-- For a database that was restored, beside a Kafka that was not and so knows what came since. Run it once the aggregator
-- has read all of that again, and before ingest is started: no frame is to get a number that another one has.
begin;

-- Who was paired since then is known at least by name, so that pairing them anew begins another epoch.
insert into devices (id, created_at, last_seen_at, epoch, next_upload_seq)
select
  device_id,
  coalesce(min(received_at), now()),
  max(received_at),
  max(epoch),
  1 + coalesce(max(seq) filter (where epoch = 0), 0)
from captures
group by device_id
on conflict (id) do update
set
  epoch = greatest(devices.epoch, excluded.epoch),
  next_upload_seq = greatest(devices.next_upload_seq, excluded.next_upload_seq),
  last_seen_at = greatest(devices.last_seen_at, excluded.last_seen_at);

-- The frames themselves, as ingest would have noted them; the ledger counts them by it.
with missed as (
  insert into frame_claims (
    device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until
  )
  select device_id, epoch, seq, coalesce(sent_sha256, sha256), captured_at, time_quality, lane, received_at, received_at
  from captures
  where sha256 is not null
    and received_at is not null
    and time_quality is not null
    -- A claim may have had its time; what it confirmed is counted already.
    and not exists (
      select from seq_blocks
      where seq_blocks.device_id = captures.device_id
        and seq_blocks.epoch = captures.epoch
        and block = seq / 4096
        and get_bit(bits, (seq % 4096)::integer) = 1
    )
  on conflict (device_id, epoch, seq) do nothing
  returning device_id, epoch, seq
)
select count(*) as frames_missed from missed;

select confirm_frames(array_agg(device_id), array_agg(epoch), array_agg(seq))
from frame_claims
join captures using (device_id, epoch, seq)
where not confirmed;

-- The processor passes over settings whose version it has met. The newest that are known here, or the built-in ones where
-- none are, come again under versions beyond all by which anything was told; every frame tells of its own.
insert into config_versions (device_id, version, settings, created_at)
select told.device_id, version, coalesce(newest.settings, '{}'), now()
from (
  select device_id, max(config_version) as met
  from (
    select device_id, config_version from observations
    union all
    select device_id, config_version from events
    union all
    select device_id, config_version from visits
  ) as everything
  group by device_id
) as told
left join (
  select distinct on (device_id) device_id, version as known, settings
  from config_versions
  order by device_id, version desc
) as newest using (device_id)
cross join lateral generate_series(coalesce(newest.known, 0) + 1, told.met + 1) as version
where told.met > coalesce(newest.known, 0)
  -- Of some there may be no more than events; they are paired anew.
  and exists (select from devices where devices.id = told.device_id);

commit;

-- Claims one frame that came without a seq. Answers
--   claimed    the frame is the caller's to store, append and confirm, by the returned identity
--   duplicate  it was confirmed before, under the returned seq
--   busy       another request is at work on it; ask again after its lease
--   refused    the device is unknown and there are as many devices as may be
-- The device's row is locked until commit, so that seqs and lanes are given out one frame at a time.
create function claim_upload(
  in_device_id text,
  in_stated_ms bigint,
  in_digest bytea,
  in_captured_at timestamptz,
  in_time_quality text,
  in_now timestamptz,
  in_lease interval,
  in_late_after interval,
  in_devices_max integer,
  out outcome text,
  out seq bigint,
  out captured_at timestamptz,
  out time_quality text,
  out lane text,
  out received_at timestamptz
)
language plpgsql
as $$
#variable_conflict use_column
declare
  device devices;
  claim upload_claims;
begin
  select * into device from devices where id = in_device_id for update;
  if not found then
    if (select count(*) from devices) >= in_devices_max then
      outcome := 'refused';
      return;
    end if;
    insert into devices (id, created_at, last_seen_at) values (in_device_id, in_now, in_now)
    on conflict (id) do nothing;
    select * into device from devices where id = in_device_id for update;
  end if;

  select * into claim from upload_claims
  where device_id = in_device_id and stated_ms = in_stated_ms and digest = in_digest;

  if found then
    if claim.confirmed then
      outcome := 'duplicate';
    -- A lease that ends later than any given out now is from before the clock was set back.
    elsif claim.lease_until > in_now and claim.lease_until <= in_now + in_lease then
      outcome := 'busy';
    else
      outcome := 'claimed';
      update upload_claims set lease_until = in_now + in_lease
      where device_id = in_device_id and stated_ms = in_stated_ms and digest = in_digest;
    end if;
    update devices set last_seen_at = greatest(last_seen_at, in_now) where id = in_device_id;
  else
    outcome := 'claimed';
    insert into upload_claims (
      device_id, stated_ms, digest, seq, captured_at, time_quality, lane, received_at, lease_until
    )
    values (
      in_device_id, in_stated_ms, in_digest, device.next_upload_seq, in_captured_at, in_time_quality,
      case when in_captured_at < device.newest_captured_at - in_late_after then 'backlog' else 'live' end,
      in_now, in_now + in_lease
    )
    returning * into claim;
    update devices
    set next_upload_seq = next_upload_seq + 1,
        last_seen_at = greatest(last_seen_at, in_now),
        newest_captured_at = greatest(newest_captured_at, in_captured_at)
    where id = in_device_id;
  end if;

  seq := claim.seq;
  captured_at := claim.captured_at;
  time_quality := claim.time_quality;
  lane := claim.lane;
  received_at := claim.received_at;
end
$$;

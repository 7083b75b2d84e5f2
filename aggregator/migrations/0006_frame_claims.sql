-- Frames that come with a seq are claimed by it, in the table that so far knew only those without.

alter table upload_claims rename to frame_claims;
alter index upload_claims_received_at rename to frame_claims_received_at;
alter table frame_claims rename constraint upload_claims_device_id_fkey to frame_claims_device_id_fkey;
alter table frame_claims rename constraint upload_claims_lane_check to frame_claims_lane_check;
alter table frame_claims rename constraint upload_claims_time_quality_check to frame_claims_time_quality_check;
alter table frame_claims
  drop constraint upload_claims_pkey,
  add column epoch integer not null default 0,
  alter column stated_ms drop not null,
  add primary key (device_id, epoch, seq);
alter table frame_claims alter column epoch drop default;
-- An upload without a seq is known by what the device sent.
create unique index frame_claims_upload on frame_claims (device_id, stated_ms, digest) where epoch = 0;

-- When a device without a clock was booted: with its uptime counter, that is a clock. The earliest estimate is the best
-- one, as each is late by what the request took; one from a synchronised clock is better than any.
create table device_boots (
  device_id text not null references devices (id),
  boot_id text not null,
  booted_at timestamptz not null,
  synchronised boolean not null,
  primary key (device_id, boot_id)
);

-- By the hour in which frames were taken: how many are confirmed, and up to which seq. What is missing lies between.
create table ledger_hours (
  device_id text not null references devices (id),
  epoch integer not null,
  hour timestamptz not null,
  received bigint not null,
  last_seq bigint not null,
  primary key (device_id, epoch, hour)
) with (fillfactor = 50);

-- Kept apart from what confirming writes, since this is written under the lock of the device, and that is not.
create table ledger_duplicates (
  device_id text not null references devices (id),
  epoch integer not null,
  hour timestamptz not null,
  duplicates bigint not null,
  primary key (device_id, epoch, hour)
) with (fillfactor = 50);

drop function claim_upload;

-- Claims one frame. Without in_seq it is known by in_stated_ms and in_digest, and gets the next seq of epoch 0. Answers
--   claimed    the frame is the caller's to store, append and confirm, by the returned identity
--   duplicate  it was confirmed before, under the returned seq
--   busy       another request is at work on it; ask again after its lease
--   conflict   another picture has this seq
--   refused    there is no such device (any more)
-- The device's row is locked until commit, so that seqs and lanes are given out one frame at a time. Without in_durable
-- the commit is not waited for to be on the disk: for whoever commits to this same database before anybody hears of it.
create function claim_frame(
  in_device_id text,
  in_epoch integer,
  in_seq bigint,
  in_stated_ms bigint,
  in_digest bytea,
  in_captured_at timestamptz,
  in_time_quality text,
  in_now timestamptz,
  in_lease interval,
  in_late_after interval,
  in_durable boolean,
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
  claim frame_claims;
begin
  if not in_durable then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  -- Whoever confirms looks up the device for its foreign keys: this lock lets them.
  select * into device from devices where id = in_device_id for no key update;
  if not found or device.deleted_at is not null then
    outcome := 'refused';
    return;
  end if;

  -- Inserted first, and looked for only if it is there: most are new, and a conflict is found by its index, where a
  -- table without statistics, as after a restore, would be searched by whichever index seems good enough.
  insert into frame_claims (
    device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, lane, received_at, lease_until
  )
  values (
    in_device_id, in_epoch, coalesce(in_seq, device.next_upload_seq), in_stated_ms, in_digest, in_captured_at,
    in_time_quality,
    case when in_captured_at < device.newest_captured_at - in_late_after then 'backlog' else 'live' end,
    in_now, in_now + in_lease
  )
  on conflict do nothing
  returning * into claim;

  if found then
    outcome := 'claimed';
    update devices
    set next_upload_seq = next_upload_seq + (in_seq is null)::integer,
        last_seen_at = greatest(last_seen_at, in_now),
        newest_captured_at = greatest(newest_captured_at, in_captured_at)
    where id = in_device_id;
  else
    if in_seq is null then
      select * into strict claim from frame_claims
      where device_id = in_device_id and epoch = 0 and stated_ms = in_stated_ms and digest = in_digest;
    else
      select * into strict claim from frame_claims where device_id = in_device_id and epoch = in_epoch and seq = in_seq;
    end if;
    if claim.digest <> in_digest then
      outcome := 'conflict';
    elsif claim.confirmed then
      outcome := 'duplicate';
      insert into ledger_duplicates as counted (device_id, epoch, hour, duplicates)
      values (in_device_id, in_epoch, date_trunc('hour', claim.captured_at, 'UTC'), 1)
      on conflict (device_id, epoch, hour) do update set duplicates = counted.duplicates + 1;
    -- A lease that ends later than any given out now is from before the clock was set back.
    elsif claim.lease_until > in_now and claim.lease_until <= in_now + in_lease then
      outcome := 'busy';
    else
      outcome := 'claimed';
      update frame_claims set lease_until = in_now + in_lease
      where device_id = in_device_id and epoch = in_epoch and seq = claim.seq;
    end if;
    update devices set last_seen_at = greatest(last_seen_at, in_now) where id = in_device_id;
  end if;

  seq := claim.seq;
  captured_at := claim.captured_at;
  time_quality := claim.time_quality;
  lane := claim.lane;
  received_at := claim.received_at;
end
$$;

-- Frames that are in the log: from then on the same frame is a duplicate, and the ledger knows of it. Once is enough,
-- and again does no harm.
create function confirm_frames(in_device_ids text[], in_epochs integer[], in_seqs bigint[])
returns void
language sql
as $$
  -- Rows are locked in one order everywhere, whatever the database's own: two processes must not wait crosswise.
  with confirming as (
    select frame_claims.*
    from unnest(in_device_ids, in_epochs, in_seqs) as confirming (device_id, epoch, seq)
    join frame_claims using (device_id, epoch, seq)
    where not confirmed
    order by device_id collate "C", epoch, seq
    for update of frame_claims
  ),
  confirmed as (
    update frame_claims set confirmed = true
    from confirming
    where frame_claims.device_id = confirming.device_id
      and frame_claims.epoch = confirming.epoch
      and frame_claims.seq = confirming.seq
      and not frame_claims.confirmed
    returning frame_claims.device_id, frame_claims.epoch, frame_claims.seq, frame_claims.captured_at
  ),
  hours as (
    insert into ledger_hours (device_id, epoch, hour, received, last_seq)
    select device_id, epoch, date_trunc('hour', captured_at, 'UTC'), count(*), max(seq)
    from confirmed
    group by device_id, epoch, date_trunc('hour', captured_at, 'UTC')
    order by device_id collate "C", epoch, date_trunc('hour', captured_at, 'UTC')
    on conflict (device_id, epoch, hour) do update
    set
      received = ledger_hours.received + excluded.received,
      last_seq = greatest(ledger_hours.last_seq, excluded.last_seq)
  )
  insert into seq_blocks (device_id, epoch, block, bits)
  select device_id, epoch, seq / 4096, bit_or(set_bit(repeat('0', 4096)::bit(4096), (seq % 4096)::integer, 1))
  from confirmed
  group by device_id, epoch, seq / 4096
  order by device_id collate "C", epoch, seq / 4096
  on conflict (device_id, epoch, block) do update set bits = seq_blocks.bits | excluded.bits
$$;

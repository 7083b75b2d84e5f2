-- Claims frames that came together: as claim_frame each of them, but with one statement for all. They come sorted by
-- device, as their locks are taken, and are answered in their order.
create function claim_frames(
  in_device_ids text[],
  in_epochs integer[],
  in_seqs bigint[],
  in_stated_ms bigint[],
  in_digests bytea[],
  in_captured_at timestamptz[],
  in_time_qualities text[],
  in_now timestamptz,
  in_lease interval,
  in_late_after interval,
  in_durable boolean
)
returns table (
  outcome text, seq bigint, captured_at timestamptz, time_quality text, lane text, received_at timestamptz
)
language plpgsql
as $$
#variable_conflict use_column
declare
  seqs bigint[];
  lanes text[];
begin
  if not in_durable then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  perform from devices where id = any(in_device_ids) order by id collate "C" for no key update;

  -- As if all of them were new, which nearly always they are.
  select
    array_agg(coalesce(frame.seq, next_upload_seq + seqs_before) order by place),
    array_agg(case when captured_at < newest_before - in_late_after then 'backlog' else 'live' end order by place)
  into seqs, lanes
  from (
    select
      frame.*,
      device.next_upload_seq,
      count(*) filter (where frame.seq is null) over before as seqs_before,
      greatest(device.newest_captured_at, max(frame.captured_at) over before) as newest_before
    from unnest(in_device_ids, in_seqs, in_captured_at)
      with ordinality as frame (device_id, seq, captured_at, place)
    join devices as device on device.id = frame.device_id and device.deleted_at is null
    window before as (
      partition by frame.device_id order by frame.place rows between unbounded preceding and 1 preceding
    )
  ) as frame;

  if cardinality(seqs) = cardinality(in_device_ids) then
    begin
      insert into frame_claims (
        device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, lane, received_at, lease_until
      )
      select frame.*, in_now, in_now + in_lease
      from unnest(in_device_ids, in_epochs, seqs, in_stated_ms, in_digests, in_captured_at, in_time_qualities, lanes)
        as frame;

      update devices
      set next_upload_seq = next_upload_seq + sent.without_seq,
          last_seen_at = greatest(last_seen_at, in_now),
          newest_captured_at = greatest(devices.newest_captured_at, sent.newest_captured_at)
      from (
        select device_id, count(*) filter (where seq is null) as without_seq, max(captured_at) as newest_captured_at
        from unnest(in_device_ids, in_seqs, in_captured_at) as frame (device_id, seq, captured_at)
        group by device_id
      ) as sent
      where id = sent.device_id;

      return query
      select 'claimed', frame.*, in_now
      from unnest(seqs, in_captured_at, in_time_qualities, lanes) as frame;
      return;
    exception
      when unique_violation then
        -- Nothing of it was done.
    end;
  end if;

  return query
  select claim.*
  from unnest(in_device_ids, in_epochs, in_seqs, in_stated_ms, in_digests, in_captured_at, in_time_qualities)
    with ordinality as frame (device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, place)
  cross join lateral claim_frame(
    frame.device_id, frame.epoch, frame.seq, frame.stated_ms, frame.digest, frame.captured_at, frame.time_quality,
    in_now, in_lease, in_late_after, in_durable
  ) as claim
  order by frame.place;
end
$$;

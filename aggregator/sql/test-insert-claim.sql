with device as (
  insert into devices (id, created_at) values ($1, $3) returning id
)
insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until)
select device.id, 0, $2, '\x00', $3, 'device', 'live', $3, $3 from device

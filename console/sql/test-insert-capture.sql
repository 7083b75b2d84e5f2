insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, received_at, state, blob_key, sha256)
values ($1, $2, $3, 0, $4, 'live', $2, $5, $6, '\x0102')

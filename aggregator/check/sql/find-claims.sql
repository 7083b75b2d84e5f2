-- Claims by which a picture may have been stored: of a frame with a seq, or of an upload by its stated time.
select device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed
from frame_claims
where device_id = $1 and ((epoch = $2 and seq = $3) or (epoch = 0 and stated_ms = $4))

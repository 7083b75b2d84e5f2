-- Frames that came before $1 and wait for their analysis, although nobody is as far behind as that.
select
  frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes, sha256,
  count(*) over () as total
from captures
where state in ('queued', 'running', 'failed') and coalesce(received_at, captured_at) < $1
order by captured_at
limit $2

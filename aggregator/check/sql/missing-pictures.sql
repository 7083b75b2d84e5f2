-- Captures that came before $1 and name a picture that was not listed.
select frame_id, captured_at, blob_key as key, state, count(*) over () as total
from captures
left join listed_blobs on key = blob_key
where blob_key is not null and key is null and coalesce(received_at, captured_at) < $1
order by captured_at
limit $2

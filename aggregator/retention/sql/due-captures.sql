-- What is known of frames older than $1, and their pictures with it; or, as $7 says, only of those that have their picture
-- still. A frame counts from when it came, since one that comes late is not to go before it was looked at; its capture time
-- is at most five minutes ahead of that. Kept are frames that nobody has analysed yet ($5), those of dead letters, and those
-- that a snapshot may yet be drawn of ($6), of events of the types $8: any frame of a motion that is not over, or not drawn,
-- and the one that another event names, if that is not drawn. It is planned for its values
-- (prepare-to-take.sql), so that pictures are found by their own index.
select frame_id as id, captured_at::text as at, blob_key as key, size_bytes as size_bytes
from captures
where (not $7::boolean or blob_key is not null)
  and captured_at < $1::timestamptz + interval '5 minutes'
  and coalesce(received_at, captured_at) < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  and (state in ('done', 'dead') or coalesce(received_at, captured_at) < $5::timestamptz)
  and not exists (select from dead_letters as letter where letter.frame_id = captures.frame_id and succeeded_at is null)
  and (
    coalesce(received_at, captured_at) < $6::timestamptz
    or not exists (
      select from events as drawn
      where drawn.device_id = captures.device_id
        and drawn.type = any($8::text[])
        and drawn.lane = captures.lane
        and drawn.snapshot_path is null
        and drawn.occurred_at between captures.captured_at - interval '1 day' and captures.captured_at + interval '3 minutes'
        and case
          when drawn.type = 'motion' then
            drawn.occurred_at <= captures.captured_at
            and (drawn.ended_at is null or drawn.ended_at >= captures.captured_at)
          else drawn.frame_id = captures.frame_id
        end
    )
  )
order by captured_at
limit $4

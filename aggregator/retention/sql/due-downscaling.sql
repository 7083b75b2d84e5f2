-- Pictures older than $1 of frames that were analysed, and of which nobody has tried yet to make them smaller; from those of
-- ($6, $7) on, so that one that is put off is not met twice in a run, and taken before $8. What a dead letter is of stays
-- whole, since a redrive wants what was stored; and so does what a snapshot may yet be drawn of ($5), as in
-- due-captures.sql. Those that were due a day ago are put off no more.
select
  frame_id as id, captured_at::text as at, captured_at, device_id, epoch, seq, blob_key as key, sha256,
  coalesce(received_at, captured_at) < $1::timestamptz - interval '1 day' as is_late
from captures
where blob_key is not null and downscaled is null and state = 'done'
  and captured_at < $8
  and coalesce(received_at, captured_at) < $1
  and captured_at >= $6::timestamptz and (captured_at, frame_id) > ($6::timestamptz, $7::uuid)
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  and not exists (select from dead_letters as letter where letter.frame_id = captures.frame_id)
  and (
    coalesce(received_at, captured_at) < $5::timestamptz
    or not exists (
      select from events as drawn
      where drawn.device_id = captures.device_id
        and drawn.type = any($9::text[])
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
order by captured_at, frame_id
limit $4

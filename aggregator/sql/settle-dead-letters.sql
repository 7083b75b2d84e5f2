-- Of frames that were looked at after all. One that still says it is open was redriven by somebody who died before they
-- could say so.
update dead_letters
set state = 'redriven', succeeded_at = $2
where frame_id = any($1::uuid[]) and succeeded_at is null and state <> 'discarded'

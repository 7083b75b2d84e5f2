-- Not waited for to be on the disk: what a crash takes, the aggregator confirms when it reads the frame.
select set_config('synchronous_commit', 'off', true), confirm_frames($1, $2, $3)

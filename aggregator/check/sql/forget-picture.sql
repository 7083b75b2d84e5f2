-- What is not there is named no more, unless it is still to be looked at: then it becomes a dead letter, which says so.
update captures set blob_key = null
where frame_id = $1 and captured_at = $2 and blob_key = $3 and state in ('done', 'dead')
returning 1 as forgotten

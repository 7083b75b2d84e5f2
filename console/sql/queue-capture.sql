-- Of a frame that was dead, and is to be looked at again.
update captures set state = 'queued', error = null
where frame_id = $1 and captured_at = $2 and state in ('dead', 'failed')

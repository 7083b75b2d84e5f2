select seq from frame_claims where device_id = $1 and epoch = $2 and seq = $3

select blob_key from captures where frame_id = $1

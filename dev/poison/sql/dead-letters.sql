select topic, partition, "offset", original_key, original_value, code, frame_id from dead_letters

select booted_at from device_boots where device_id = $1 and boot_id = $2

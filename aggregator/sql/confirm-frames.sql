select confirm_frames($1, $2, $3)

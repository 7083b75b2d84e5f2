update captures set attempts = $2, error = $3 where seq = $1

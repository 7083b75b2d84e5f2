copy visits from stdin

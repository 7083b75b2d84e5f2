copy events from stdin

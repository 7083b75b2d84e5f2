copy occupancy_changes from stdin

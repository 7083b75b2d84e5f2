select has_timescale() as answer

-- When the first frame was taken at or after $1 and before $2; null if there is none.
select min(captured_at) as at from captures where captured_at >= $1 and captured_at < $2

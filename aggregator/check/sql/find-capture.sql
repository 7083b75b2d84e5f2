select 1 as there from captures where frame_id = $1

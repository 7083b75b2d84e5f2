select exists (select from frame_claims where confirmed) as known

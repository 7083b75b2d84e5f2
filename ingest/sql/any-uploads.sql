select exists (select from upload_claims where confirmed) as known

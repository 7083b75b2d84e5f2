-- Why blobs that were over could not be deleted, of the first of them; null where all could, and in the receipts of before.
alter table retention_runs add column blobs_error text;

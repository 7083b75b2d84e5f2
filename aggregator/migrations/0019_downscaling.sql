-- Pictures that are made smaller after a while, instead of going.
alter table captures
  -- What came of it: smaller; kept, since it was small; unreadable. Null where nobody has tried.
  add column downscaled text,
  -- Of the picture as it was sent, where a smaller one lies in its place: by this one it is known, should it come again.
  add column sent_sha256 bytea;

-- What may still be made smaller, the oldest first, however many have been.
create index captures_whole_pictures on captures (captured_at)
where blob_key is not null and downscaled is null and state = 'done';

-- Also of letters that have come to something: their frames are left whole.
drop index dead_letters_frame;
create index dead_letters_frame on dead_letters (frame_id) where frame_id is not null;

-- What a run made smaller; null where nobody wanted it, and in the receipts of before.
alter table retention_runs add column downscaled jsonb;

-- Somebody who has signed in, until they sign out or the time is over. What renews a session is stored as a digest, and
-- is another one after each use.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  refresh_digest bytea not null unique,
  -- The one before: it still counts for a moment, since the answer with its successor may have been lost, and tells
  -- later that somebody has a copy.
  replaced_digest bytea unique,
  replaced_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index sessions_user on sessions (user_id, created_at desc);

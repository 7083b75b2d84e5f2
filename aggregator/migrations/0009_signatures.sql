-- Whether a device must sign what it sends, besides having a token.
alter table devices add column requires_signature boolean not null default false;

-- What has been signed and come in, for as long as its time would still be believed: the same again is a replay.
create table seen_signatures (
  device_id text not null references devices (id) on delete cascade,
  signature bytea not null,
  forget_at timestamptz not null,
  primary key (device_id, signature)
);

create index seen_signatures_forget_at on seen_signatures (forget_at);

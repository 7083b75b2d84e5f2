-- What there is in the blob store, for as long as the transaction lasts.
create temp table listed_blobs (key text not null) on commit drop

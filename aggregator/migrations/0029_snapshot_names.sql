-- Of an event of which a picture is drawn, its place among those of its device, type, lane and moment: a part of the
-- picture's name. Null as long as nobody has begun to draw one, and of pictures from before, which are of motion: no two
-- of these begin at one moment.
alter table events add column snapshot_ordinal smallint;

-- The lab is there to see what happens without a constraint. A booking that asks for it (guarded)
-- has its seats for itself, whoever comes before or after; others may meet there. Up to version
-- 0.1.0, guarded bookings were held to each other alone.
ALTER TABLE seats
    ADD COLUMN booked  integer NOT NULL DEFAULT 0,  -- how many bookings have got it
    ADD COLUMN guarded boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT seats_guarded CHECK (booked <= 1 OR NOT guarded);

-- Where a guarded booking has met others, the guard can't be kept.
UPDATE seats SET booked = had.n, guarded = had.n = 1 AND had.guarded
FROM (
    SELECT event_id, seat_number, count(*) AS n, bool_or(guarded) AS guarded FROM bookings
    WHERE status = 'confirmed' GROUP BY event_id, seat_number
) AS had
WHERE (had.event_id, had.seat_number) = (seats.event_id, seats.seat_number);

DROP INDEX bookings_guarded;
ALTER TABLE bookings DROP COLUMN guarded;

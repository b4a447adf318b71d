-- Numbered seats of an event, as version 0.1.0 had them.

CREATE TABLE events (
    id          integer PRIMARY KEY,
    name        text NOT NULL,
    venue       text NOT NULL,
    event_date  timestamptz NOT NULL,
    total_seats integer NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE seats (
    id          integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_id    integer NOT NULL REFERENCES events,
    seat_number text    NOT NULL,
    section     text    NOT NULL,
    row_name    text    NOT NULL,
    is_booked   boolean NOT NULL DEFAULT false,
    booked_by   text,
    holder      uuid,                        -- the booking that holds it
    booked_at   timestamptz,
    version     bigint  NOT NULL DEFAULT 1,  -- moves with every write, whatever the strategy
    fence       bigint  NOT NULL DEFAULT 0,  -- the highest fencing token that was here
    generation  bigint  NOT NULL DEFAULT 1,  -- the reset that this seat's state comes from
    PRIMARY KEY (event_id, seat_number),
    CHECK (is_booked = (booked_by IS NOT NULL) AND is_booked = (holder IS NOT NULL))
) WITH (fillfactor = 50);  -- room for new row versions on the same page

-- One row for each seat of a booking. No unique key on the seat: the lab is there to see what
-- happens without one. Rows that ask for it (guarded) are held to one.
CREATE TABLE bookings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id  uuid    NOT NULL,
    event_id    integer NOT NULL,
    seat_number text    NOT NULL,
    basket      text[]  NOT NULL,                      -- all seats of the booking, in order
    customer_id text    NOT NULL,
    status      text    NOT NULL DEFAULT 'confirmed',  -- then: cancelled, or moved
    guarded     boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (event_id, seat_number) REFERENCES seats
);
CREATE UNIQUE INDEX bookings_once
    ON bookings (attempt_id, seat_number) WHERE status = 'confirmed';
CREATE UNIQUE INDEX bookings_guarded
    ON bookings (event_id, seat_number) WHERE status = 'confirmed' AND guarded;
CREATE INDEX bookings_seat ON bookings (event_id, seat_number);
CREATE INDEX bookings_latest ON bookings (created_at, attempt_id);

INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES (1, 'Concurrency in Concert', 'The Critical Section', now() + interval '30 days', 100);

INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT 1, row_name || number,
       CASE WHEN row_name <= 'C' THEN 'VIP' WHEN row_name <= 'G' THEN 'Standard' ELSE 'Economy' END,
       row_name
FROM unnest(string_to_array('A,B,C,D,E,F,G,H,I,J', ',')) AS row_name, generate_series(1, 10) AS number;

INSERT INTO resets (workload, scope) SELECT 'seats', id::text FROM events;

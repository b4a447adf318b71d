CREATE TABLE desks (
    floor      integer NOT NULL,
    desk       text    NOT NULL,
    holder     uuid,
    version    bigint  NOT NULL DEFAULT 1,
    fence      bigint  NOT NULL DEFAULT 0,
    generation bigint  NOT NULL DEFAULT 1,
    PRIMARY KEY (floor, desk)
);
CREATE TABLE desk_bookings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id  uuid NOT NULL UNIQUE,
    floor       integer NOT NULL,
    desk        text NOT NULL,
    customer_id text NOT NULL,
    status      text NOT NULL DEFAULT 'confirmed',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO desks (floor, desk) SELECT 1, unnest(string_to_array('a,b,c', ','))
ON CONFLICT DO NOTHING;
INSERT INTO resets (workload, scope) VALUES ('desks', '1') ON CONFLICT DO NOTHING;

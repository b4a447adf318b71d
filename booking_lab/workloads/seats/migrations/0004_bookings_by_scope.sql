-- What is asked for by scope is a text.
CREATE STATISTICS bookings_scope ON (event_id::text) FROM bookings;

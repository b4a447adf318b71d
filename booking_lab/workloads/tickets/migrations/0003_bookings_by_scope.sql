-- What is asked for by scope is a text.
CREATE STATISTICS ticket_bookings_scope ON (event_id::text) FROM ticket_bookings;

-- What is asked for by scope is a text.
CREATE STATISTICS slot_reservations_scope ON (tenant_id::text) FROM slot_reservations;

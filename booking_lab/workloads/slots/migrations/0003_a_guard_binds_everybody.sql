-- Up to version 0.1.0, guarded reservations were held to each other alone. Where one of them has met
-- others, the guard can't be kept.
UPDATE slot_reservations AS kept SET guarded = false
WHERE guarded AND status = 'confirmed' AND EXISTS (
    SELECT FROM slot_reservations AS other
    WHERE (other.tenant_id, other.resource_id) = (kept.tenant_id, kept.resource_id)
    AND other.id <> kept.id AND other.status = 'confirmed' AND other.during && kept.during
);

-- The lab is there to see what happens without this. A row that asks for it (guarded) has its time
-- for itself, whoever comes before or after; others may overlap with each other: of the last column,
-- a guarded row covers everything, and any other one only its own number. A range of one number
-- stands for equality, which this kind of index has only with an extension that not every server has.
ALTER TABLE slot_reservations DROP CONSTRAINT slot_reservations_guarded,
    ADD CONSTRAINT slot_reservations_guarded EXCLUDE USING gist (
        int8range(tenant_id, tenant_id, '[]') WITH &&,
        int8range(resource_id, resource_id, '[]') WITH &&,
        during WITH &&,
        int8range(CASE WHEN NOT guarded THEN id END, CASE WHEN NOT guarded THEN id END, '[]')
            WITH &&
    ) WHERE (status = 'confirmed');

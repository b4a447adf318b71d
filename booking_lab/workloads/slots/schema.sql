-- Times of resources, such as dentists, at the branches of businesses, and products taken along.
--
-- Every key begins with the tenant, and so does every reference: no row can belong to one tenant and
-- point to another's, and no statement of one has to wait for a row of another's.

CREATE TABLE IF NOT EXISTS slot_tenants (
    tenant_id  integer PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS slot_branches (
    tenant_id integer NOT NULL REFERENCES slot_tenants,
    branch_id integer NOT NULL,
    name      text    NOT NULL,
    time_zone text    NOT NULL,  -- of the clock on its wall; bookings are moments, whatever it shows
    PRIMARY KEY (tenant_id, branch_id)
);

CREATE TABLE IF NOT EXISTS slot_resources (
    tenant_id   integer NOT NULL REFERENCES slot_tenants,
    resource_id integer NOT NULL,
    name        text    NOT NULL,
    -- No write of a booking moves the version: its reservation is a row of its own.
    version     bigint  NOT NULL DEFAULT 1,
    fence       bigint  NOT NULL DEFAULT 0,  -- the highest fencing token that was here
    generation  bigint  NOT NULL DEFAULT 1,  -- the reset that its calendar comes from
    PRIMARY KEY (tenant_id, resource_id)
) WITH (fillfactor = 50);  -- room for new row versions on the same page

CREATE TABLE IF NOT EXISTS slot_resource_branches (
    tenant_id   integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id   integer NOT NULL,
    PRIMARY KEY (tenant_id, resource_id, branch_id),
    FOREIGN KEY (tenant_id, resource_id) REFERENCES slot_resources,
    FOREIGN KEY (tenant_id, branch_id) REFERENCES slot_branches
);

CREATE TABLE IF NOT EXISTS slot_services (
    tenant_id  integer NOT NULL REFERENCES slot_tenants,
    service_id integer NOT NULL,
    name       text    NOT NULL,
    price      numeric(10,2) NOT NULL CHECK (price >= 0),
    PRIMARY KEY (tenant_id, service_id)
);

-- Branches where a service has another price.
CREATE TABLE IF NOT EXISTS slot_service_branches (
    tenant_id  integer NOT NULL,
    service_id integer NOT NULL,
    branch_id  integer NOT NULL,
    price      numeric(10,2) NOT NULL CHECK (price >= 0),
    PRIMARY KEY (tenant_id, service_id, branch_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES slot_services,
    FOREIGN KEY (tenant_id, branch_id) REFERENCES slot_branches
);

CREATE TABLE IF NOT EXISTS slot_products (
    tenant_id  integer NOT NULL REFERENCES slot_tenants,
    product_id integer NOT NULL,
    name       text    NOT NULL,
    PRIMARY KEY (tenant_id, product_id)
);

CREATE TABLE IF NOT EXISTS slot_product_branches (
    tenant_id  integer NOT NULL,
    branch_id  integer NOT NULL,
    product_id integer NOT NULL,
    stocked    integer NOT NULL CHECK (stocked >= 0),  -- units that there are without any booking
    stock      integer NOT NULL,                       -- units that are left
    version    bigint  NOT NULL DEFAULT 1,  -- moves with every write, whatever the strategy
    fence      bigint  NOT NULL DEFAULT 0,
    guarded    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, branch_id, product_id),
    FOREIGN KEY (tenant_id, branch_id) REFERENCES slot_branches,
    FOREIGN KEY (tenant_id, product_id) REFERENCES slot_products,
    -- The lab is there to see what happens without this. From the first booking on that asks for it
    -- (guarded), all are held to it, until the reset.
    CONSTRAINT slot_stock_guarded CHECK (stock >= 0 OR NOT guarded)
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS slot_reservations (
    id          bigint  GENERATED ALWAYS AS IDENTITY,
    attempt_id  uuid    NOT NULL UNIQUE,
    tenant_id   integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id   integer NOT NULL,
    service_id  integer NOT NULL,
    during      tstzrange NOT NULL CONSTRAINT slot_reservations_during_fits
        CHECK (lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)  -- nor empty
               AND upper(during) - lower(during) <= interval '25 hours'),
    customer_id text    NOT NULL,
    status      text    NOT NULL DEFAULT 'confirmed' CHECK (status IN ('confirmed', 'cancelled')),
    price       numeric(10,2) NOT NULL,
    guarded     boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resource_id, branch_id) REFERENCES slot_resource_branches,
    FOREIGN KEY (tenant_id, service_id) REFERENCES slot_services,
    -- The lab is there to see what happens without this. A row that asks for it (guarded) has its
    -- time for itself, whoever comes before or after; others may overlap with each other: of the
    -- last column, a guarded row covers everything, and any other one only its own number. A range
    -- of one number stands for equality, which this kind of index has only with an extension that
    -- not every server has.
    CONSTRAINT slot_reservations_guarded EXCLUDE USING gist (
        int8range(tenant_id, tenant_id, '[]') WITH &&,
        int8range(resource_id, resource_id, '[]') WITH &&,
        during WITH &&,
        int8range(CASE WHEN NOT guarded THEN id END, CASE WHEN NOT guarded THEN id END, '[]')
            WITH &&
    ) WHERE (status = 'confirmed')
);
-- Tables of version 0.1.0 end a day on which clocks go back an hour too early.
DO $$ BEGIN
    IF EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'slot_reservations'::regclass AND conname = 'slot_reservations_during_check'
    ) THEN
        ALTER TABLE slot_reservations DROP CONSTRAINT slot_reservations_during_check,
            ADD CONSTRAINT slot_reservations_during_fits
            CHECK (lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)
                   AND upper(during) - lower(during) <= interval '25 hours');
    END IF;
END $$;
CREATE INDEX IF NOT EXISTS slot_reservations_calendar
    ON slot_reservations (tenant_id, resource_id, lower(during));
CREATE INDEX IF NOT EXISTS slot_reservations_latest ON slot_reservations (created_at, attempt_id);
-- What is asked for by scope is a text.
CREATE STATISTICS IF NOT EXISTS slot_reservations_scope ON (tenant_id::text) FROM slot_reservations;

CREATE TABLE IF NOT EXISTS slot_reservation_products (
    tenant_id      integer NOT NULL,
    reservation_id bigint  NOT NULL,
    product_id     integer NOT NULL,
    quantity       integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (tenant_id, reservation_id, product_id),
    FOREIGN KEY (tenant_id, reservation_id) REFERENCES slot_reservations ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, product_id) REFERENCES slot_products
);

-- The confirmed reservations of a resource that overlap with a time, as they are when this is
-- called. A statement sees what was committed when it began, though it may have waited for a lock
-- since. A VOLATILE function looks anew: called once the lock is there, it sees what those did who
-- had it before. Written out in the statement, or marked STABLE, the same query would miss it.
CREATE OR REPLACE FUNCTION slot_overlapping(tenant integer, resource integer, asked tstzrange)
RETURNS TABLE (branch_id integer, during tstzrange, attempt_id uuid) LANGUAGE sql VOLATILE
AS $$
    SELECT branch_id, during, attempt_id FROM slot_reservations
    WHERE tenant_id = tenant AND resource_id = resource AND status = 'confirmed' AND during && asked
$$;

-- In a database of an earlier version, guarded rows are held to each other alone. Where one of them
-- overlaps with others already, it stays like that.
DO $$ BEGIN
    IF EXISTS (
        SELECT FROM pg_constraint WHERE conname = 'slot_reservations_guarded'
        AND cardinality(conkey) = 3
    ) THEN
        ALTER TABLE slot_reservations DROP CONSTRAINT slot_reservations_guarded,
            ADD CONSTRAINT slot_reservations_guarded EXCLUDE USING gist (
                int8range(tenant_id, tenant_id, '[]') WITH &&,
                int8range(resource_id, resource_id, '[]') WITH &&,
                during WITH &&,
                int8range(CASE WHEN NOT guarded THEN id END, CASE WHEN NOT guarded THEN id END, '[]')
                    WITH &&
            ) WHERE (status = 'confirmed');
    END IF;
EXCEPTION WHEN exclusion_violation THEN
    RAISE NOTICE 'guarded reservations overlap with others; reset the tenants';
END $$;

INSERT INTO slot_tenants (tenant_id, name)
VALUES (1, 'Critical Care Dental'), (2, 'Mutual Teeth') ON CONFLICT DO NOTHING;

INSERT INTO slot_branches (tenant_id, branch_id, name, time_zone)
SELECT tenant_id, branch_id, name, time_zone FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Branch A', 'Europe/Berlin'), (2, 'Branch B', 'Europe/London')
) AS branch (branch_id, name, time_zone) ON CONFLICT DO NOTHING;

INSERT INTO slot_resources (tenant_id, resource_id, name)
SELECT tenant_id, resource_id, name FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Dr Both'), (2, 'Dr Alone')
) AS resource (resource_id, name) ON CONFLICT DO NOTHING;

INSERT INTO slot_resource_branches (tenant_id, resource_id, branch_id)
SELECT tenant_id, resource_id, branch_id FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 1), (1, 2), (2, 1)
) AS works (resource_id, branch_id) ON CONFLICT DO NOTHING;

INSERT INTO slot_services (tenant_id, service_id, name, price)
SELECT tenant_id, service_id, name, price FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Cleaning', 80.00), (2, 'Whitening', 149.90)
) AS service (service_id, name, price) ON CONFLICT DO NOTHING;

INSERT INTO slot_service_branches (tenant_id, service_id, branch_id, price)
SELECT tenant_id, 2, 2, 129.95 FROM generate_series(1, 2) AS tenant_id ON CONFLICT DO NOTHING;

INSERT INTO slot_products (tenant_id, product_id, name)
SELECT tenant_id, product_id, name FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Whitening kit'), (2, 'Toothbrush')
) AS product (product_id, name) ON CONFLICT DO NOTHING;

INSERT INTO slot_product_branches (tenant_id, branch_id, product_id, stocked, stock)
SELECT tenant_id, branch_id, product_id, units, units FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 1, 3), (1, 2, 3), (2, 1, 0), (2, 2, 0)
) AS shelf (branch_id, product_id, units) ON CONFLICT DO NOTHING;

INSERT INTO resets (workload, scope) SELECT 'slots', tenant_id::text FROM slot_tenants
ON CONFLICT DO NOTHING;

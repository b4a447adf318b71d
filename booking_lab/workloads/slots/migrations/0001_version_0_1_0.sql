-- Times of resources, such as dentists, at the branches of businesses, and products taken along.
--
-- Every key begins with the tenant, and so does every reference: no row can belong to one tenant and
-- point to another's, and no statement of one has to wait for a row of another's.

CREATE TABLE slot_tenants (
    tenant_id  integer PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE slot_branches (
    tenant_id integer NOT NULL REFERENCES slot_tenants,
    branch_id integer NOT NULL,
    name      text    NOT NULL,
    time_zone text    NOT NULL,  -- of the clock on its wall; bookings are moments, whatever it shows
    PRIMARY KEY (tenant_id, branch_id)
);

CREATE TABLE slot_resources (
    tenant_id   integer NOT NULL REFERENCES slot_tenants,
    resource_id integer NOT NULL,
    name        text    NOT NULL,
    -- No write of a booking moves the version: its reservation is a row of its own.
    version     bigint  NOT NULL DEFAULT 1,
    fence       bigint  NOT NULL DEFAULT 0,  -- the highest fencing token that was here
    generation  bigint  NOT NULL DEFAULT 1,  -- the reset that its calendar comes from
    PRIMARY KEY (tenant_id, resource_id)
) WITH (fillfactor = 50);  -- room for new row versions on the same page

CREATE TABLE slot_resource_branches (
    tenant_id   integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id   integer NOT NULL,
    PRIMARY KEY (tenant_id, resource_id, branch_id),
    FOREIGN KEY (tenant_id, resource_id) REFERENCES slot_resources,
    FOREIGN KEY (tenant_id, branch_id) REFERENCES slot_branches
);

CREATE TABLE slot_services (
    tenant_id  integer NOT NULL REFERENCES slot_tenants,
    service_id integer NOT NULL,
    name       text    NOT NULL,
    price      numeric(10,2) NOT NULL CHECK (price >= 0),
    PRIMARY KEY (tenant_id, service_id)
);

-- Branches where a service has another price.
CREATE TABLE slot_service_branches (
    tenant_id  integer NOT NULL,
    service_id integer NOT NULL,
    branch_id  integer NOT NULL,
    price      numeric(10,2) NOT NULL CHECK (price >= 0),
    PRIMARY KEY (tenant_id, service_id, branch_id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES slot_services,
    FOREIGN KEY (tenant_id, branch_id) REFERENCES slot_branches
);

CREATE TABLE slot_products (
    tenant_id  integer NOT NULL REFERENCES slot_tenants,
    product_id integer NOT NULL,
    name       text    NOT NULL,
    PRIMARY KEY (tenant_id, product_id)
);

CREATE TABLE slot_product_branches (
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
    -- The lab is there to see what happens without this: it counts where a booking asked for it.
    CONSTRAINT slot_stock_guarded CHECK (stock >= 0 OR NOT guarded)
) WITH (fillfactor = 50);

CREATE TABLE slot_reservations (
    id          bigint  GENERATED ALWAYS AS IDENTITY,
    attempt_id  uuid    NOT NULL UNIQUE,
    tenant_id   integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id   integer NOT NULL,
    service_id  integer NOT NULL,
    during      tstzrange NOT NULL
        CHECK (lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)  -- nor empty
               AND upper(during) - lower(during) <= interval '24 hours'),
    customer_id text    NOT NULL,
    status      text    NOT NULL DEFAULT 'confirmed' CHECK (status IN ('confirmed', 'cancelled')),
    price       numeric(10,2) NOT NULL,
    guarded     boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resource_id, branch_id) REFERENCES slot_resource_branches,
    FOREIGN KEY (tenant_id, service_id) REFERENCES slot_services,
    -- Rows that ask for it are held to one at a time. A range of one number stands for equality,
    -- which this kind of index has only with an extension that not every server has.
    CONSTRAINT slot_reservations_guarded EXCLUDE USING gist (
        int8range(tenant_id, tenant_id, '[]') WITH &&,
        int8range(resource_id, resource_id, '[]') WITH &&,
        during WITH &&
    ) WHERE (status = 'confirmed' AND guarded)
);
CREATE INDEX slot_reservations_calendar
    ON slot_reservations (tenant_id, resource_id, lower(during));
CREATE INDEX slot_reservations_latest ON slot_reservations (created_at, attempt_id);

CREATE TABLE slot_reservation_products (
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
CREATE FUNCTION slot_overlapping(tenant integer, resource integer, asked tstzrange)
RETURNS TABLE (branch_id integer, during tstzrange, attempt_id uuid) LANGUAGE sql VOLATILE
AS $$
    SELECT branch_id, during, attempt_id FROM slot_reservations
    WHERE tenant_id = tenant AND resource_id = resource AND status = 'confirmed' AND during && asked
$$;

INSERT INTO slot_tenants (tenant_id, name)
VALUES (1, 'Critical Care Dental'), (2, 'Mutual Teeth');

INSERT INTO slot_branches (tenant_id, branch_id, name, time_zone)
SELECT tenant_id, branch_id, name, time_zone FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Branch A', 'Europe/Berlin'), (2, 'Branch B', 'Europe/London')
) AS branch (branch_id, name, time_zone);

INSERT INTO slot_resources (tenant_id, resource_id, name)
SELECT tenant_id, resource_id, name FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Dr Both'), (2, 'Dr Alone')
) AS resource (resource_id, name);

INSERT INTO slot_resource_branches (tenant_id, resource_id, branch_id)
SELECT tenant_id, resource_id, branch_id FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 1), (1, 2), (2, 1)
) AS works (resource_id, branch_id);

INSERT INTO slot_services (tenant_id, service_id, name, price)
SELECT tenant_id, service_id, name, price FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Cleaning', 80.00), (2, 'Whitening', 149.90)
) AS service (service_id, name, price);

INSERT INTO slot_service_branches (tenant_id, service_id, branch_id, price)
SELECT tenant_id, 2, 2, 129.95 FROM generate_series(1, 2) AS tenant_id;

INSERT INTO slot_products (tenant_id, product_id, name)
SELECT tenant_id, product_id, name FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 'Whitening kit'), (2, 'Toothbrush')
) AS product (product_id, name);

INSERT INTO slot_product_branches (tenant_id, branch_id, product_id, stocked, stock)
SELECT tenant_id, branch_id, product_id, units, units FROM generate_series(1, 2) AS tenant_id, (VALUES
    (1, 1, 3), (1, 2, 3), (2, 1, 0), (2, 2, 0)
) AS shelf (branch_id, product_id, units);

INSERT INTO resets (workload, scope) SELECT 'slots', tenant_id::text FROM slot_tenants;

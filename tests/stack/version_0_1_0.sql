-- A database of version 0.1.0, as pg_dump wrote it down: bookings of each kind, moved, cancelled, guarded,
-- and some of which two or more were promised the same.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.expect_selection(expected_epoch bigint, expected_generation bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM lab WHERE epoch = expected_epoch AND generation = expected_generation
    ) THEN
        RAISE 'the lab was switched or reset' USING ERRCODE = 'LB001';
    END IF;
END $$;
CREATE FUNCTION public.slot_overlapping(tenant integer, resource integer, asked tstzrange) RETURNS TABLE(branch_id integer, during tstzrange, attempt_id uuid)
    LANGUAGE sql
    AS $$
    SELECT branch_id, during, attempt_id FROM slot_reservations
    WHERE tenant_id = tenant AND resource_id = resource AND status = 'confirmed' AND during && asked
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.attempts (
    id uuid NOT NULL,
    workload text NOT NULL,
    scope text NOT NULL,
    subject text NOT NULL,
    action text NOT NULL,
    customer_id text NOT NULL,
    strategy text NOT NULL,
    options jsonb NOT NULL,
    epoch bigint NOT NULL,
    generation bigint NOT NULL,
    outcome text NOT NULL,
    answered text,
    code text NOT NULL,
    tries integer NOT NULL,
    waited_ms double precision NOT NULL,
    held_ms double precision NOT NULL,
    total_ms double precision,
    worker text NOT NULL,
    trace_id text NOT NULL,
    started_at timestamp with time zone NOT NULL
);
CREATE TABLE public.bookings (
    id bigint NOT NULL,
    attempt_id uuid NOT NULL,
    event_id integer NOT NULL,
    seat_number text NOT NULL,
    basket text[] NOT NULL,
    customer_id text NOT NULL,
    status text DEFAULT 'confirmed'::text NOT NULL,
    guarded boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE public.bookings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bookings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.events (
    id integer NOT NULL,
    name text NOT NULL,
    venue text NOT NULL,
    event_date timestamp with time zone NOT NULL,
    total_seats integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE public.fencing_tokens
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.lab (
    id boolean DEFAULT true NOT NULL,
    strategy text NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    think_time_ms double precision NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    CONSTRAINT lab_id_check CHECK (id),
    CONSTRAINT lab_think_time_ms_check CHECK ((think_time_ms >= (0)::double precision))
);
CREATE TABLE public.resets (
    workload text NOT NULL,
    scope text NOT NULL,
    generation bigint DEFAULT 1 NOT NULL
);
CREATE TABLE public.seats (
    id integer NOT NULL,
    event_id integer NOT NULL,
    seat_number text NOT NULL,
    section text NOT NULL,
    row_name text NOT NULL,
    is_booked boolean DEFAULT false NOT NULL,
    booked_by text,
    holder uuid,
    booked_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    CONSTRAINT seats_check CHECK (((is_booked = (booked_by IS NOT NULL)) AND (is_booked = (holder IS NOT NULL))))
)
WITH (fillfactor='50');
ALTER TABLE public.seats ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.seats_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.slot_branches (
    tenant_id integer NOT NULL,
    branch_id integer NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL
);
CREATE TABLE public.slot_product_branches (
    tenant_id integer NOT NULL,
    branch_id integer NOT NULL,
    product_id integer NOT NULL,
    stocked integer NOT NULL,
    stock integer NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    guarded boolean DEFAULT false NOT NULL,
    CONSTRAINT slot_product_branches_stocked_check CHECK ((stocked >= 0)),
    CONSTRAINT slot_stock_guarded CHECK (((stock >= 0) OR (NOT guarded)))
)
WITH (fillfactor='50');
CREATE TABLE public.slot_products (
    tenant_id integer NOT NULL,
    product_id integer NOT NULL,
    name text NOT NULL
);
CREATE TABLE public.slot_reservation_products (
    tenant_id integer NOT NULL,
    reservation_id bigint NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT slot_reservation_products_quantity_check CHECK ((quantity > 0))
);
CREATE TABLE public.slot_reservations (
    id bigint NOT NULL,
    attempt_id uuid NOT NULL,
    tenant_id integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id integer NOT NULL,
    service_id integer NOT NULL,
    during tstzrange NOT NULL,
    customer_id text NOT NULL,
    status text DEFAULT 'confirmed'::text NOT NULL,
    price numeric(10,2) NOT NULL,
    guarded boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT slot_reservations_during_check CHECK ((lower_inc(during) AND (NOT upper_inc(during)) AND (NOT upper_inf(during)) AND ((upper(during) - lower(during)) <= '24:00:00'::interval))),
    CONSTRAINT slot_reservations_status_check CHECK ((status = ANY (ARRAY['confirmed'::text, 'cancelled'::text])))
);
ALTER TABLE public.slot_reservations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.slot_reservations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.slot_resource_branches (
    tenant_id integer NOT NULL,
    resource_id integer NOT NULL,
    branch_id integer NOT NULL
);
CREATE TABLE public.slot_resources (
    tenant_id integer NOT NULL,
    resource_id integer NOT NULL,
    name text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    generation bigint DEFAULT 1 NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.slot_service_branches (
    tenant_id integer NOT NULL,
    service_id integer NOT NULL,
    branch_id integer NOT NULL,
    price numeric(10,2) NOT NULL,
    CONSTRAINT slot_service_branches_price_check CHECK ((price >= (0)::numeric))
);
CREATE TABLE public.slot_services (
    tenant_id integer NOT NULL,
    service_id integer NOT NULL,
    name text NOT NULL,
    price numeric(10,2) NOT NULL,
    CONSTRAINT slot_services_price_check CHECK ((price >= (0)::numeric))
);
CREATE TABLE public.slot_tenants (
    tenant_id integer NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.ticket_bookings (
    id bigint NOT NULL,
    attempt_id uuid NOT NULL,
    event_id integer NOT NULL,
    user_email text NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(10,2) NOT NULL,
    total_amount numeric(10,2) GENERATED ALWAYS AS (((quantity)::numeric * unit_price)) STORED,
    booking_status text DEFAULT 'confirmed'::text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ticket_bookings_booking_status_check CHECK ((booking_status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT ticket_bookings_quantity_check CHECK ((quantity > 0))
);
ALTER TABLE public.ticket_bookings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ticket_bookings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ticket_events (
    id integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    event_date timestamp with time zone NOT NULL,
    total_tickets integer NOT NULL,
    on_sale integer NOT NULL,
    available_tickets integer NOT NULL,
    ticket_price numeric(10,2) NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    guarded boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ticket_events_check CHECK (((on_sale >= 0) AND (on_sale <= total_tickets))),
    CONSTRAINT ticket_events_guarded CHECK (((available_tickets >= 0) OR (NOT guarded))),
    CONSTRAINT ticket_events_ticket_price_check CHECK (((ticket_price >= (0)::numeric) AND (ticket_price <= 9999999.99)))
)
WITH (fillfactor='50');
CREATE TABLE public.workers (
    worker text NOT NULL,
    process_id integer NOT NULL,
    drained_epoch bigint NOT NULL
);
INSERT INTO public.attempts VALUES
	('44b49fd3-53c5-44b3-822b-d099a00d8b12', 'seats', '1', 'A1', 'book', 'customer_2', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 16.51184000002104, 57.10531600016111, '1/4135', 'a1cb3880d8b74a8ab8bddc3ffa5991d9', '2026-11-29 14:46:11.312733+00'),
	('a518a8e4-0f63-4fd1-a806-b5f624b8b56b', 'seats', '1', 'A1', 'book', 'customer_3', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 22.12300300016068, 68.9434119994985, '1/4135', 'a1cb3880d8b74a8ab8bddc3ffa5991d9', '2026-11-29 14:46:11.322854+00'),
	('7032529f-5284-41bd-85ad-6cdbd499d738', 'seats', '1', 'A1', 'book', 'customer_1', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 21.1446449993673, 106.22129900002619, '1/4135', 'a1cb3880d8b74a8ab8bddc3ffa5991d9', '2026-11-29 14:46:11.306996+00'),
	('0e74ffab-cb3d-446f-9531-803d18933937', 'seats', '1', 'B1+B2', 'book', 'customer_2', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 20.552539999698638, 76.1447719996795, '1/4135', '4e10a28d23f6434883f88bf68d027eba', '2026-11-29 14:46:11.604983+00'),
	('ce352a59-8ddf-4198-aed8-aa561c967e61', 'seats', '1', 'B1+B2', 'book', 'customer_1', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 76.79771299990534, 129.7600069992768, '1/4135', '4e10a28d23f6434883f88bf68d027eba', '2026-11-29 14:46:11.639497+00'),
	('4b4b8ca4-bbd8-4be3-a277-50e23bf0d42f', 'seats', '1', 'C1', 'book', 'pessimistic_seats', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 4.481187001147191, 35.69220999997924, 40.480593999745906, '1/4135', 'cee16999773141d7ba913d46fc4da678', '2026-11-29 14:46:11.871736+00'),
	('92c6497d-04bd-48e3-9b99-7f4caf9cdeb6', 'seats', '1', 'C1', 'cancel', 'pessimistic_seats', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 9.14896399990539, 29.488902999219135, '1/4135', 'a4ea1ecf65d34047b88742e09e8f0e37', '2026-11-29 14:46:11.981589+00'),
	('d3fe2b45-a6ff-4220-93c8-c5c10f0788a8', 'seats', '1', 'D1', 'book', 'pessimistic_seats', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 93.6037089995807, 97.12411700093071, 191.111751999415, '1/4133', 'dc7588b26c5e4270846d5916ab09c366', '2026-11-29 14:46:12.110473+00'),
	('812f23e5-4af4-455d-95f3-64a83b5bbd23', 'seats', '1', 'D2+D1', 'move', 'pessimistic_seats', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 2.596341000753455, 120.17903800006025, 121.95822400099132, '1/4133', '09c7043c83c74b1b961396b4fecaf843', '2026-11-29 14:46:12.626485+00'),
	('ea5b5fdc-d63e-4ff4-a9a0-8ed14cec5feb', 'tickets', '1', 'tickets', 'book', 'customer_3', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 11.153442999784602, 138.03611799994542, '1/4135', 'd4aac5217bc943e0b00b385e96a62b5e', '2026-11-29 14:46:13.004372+00'),
	('b0c561c8-b9b9-4c6f-a96b-22b64d8f7762', 'tickets', '1', 'tickets', 'book', 'customer_1', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 7.5822159997187555, 59.51074500080722, '1/4135', 'd4aac5217bc943e0b00b385e96a62b5e', '2026-11-29 14:46:13.094462+00'),
	('52a2fc6b-4074-42d1-af80-3ba22b45ca96', 'seats', '1', 'E1+E2', 'book', 'constraint_seats', 'constraint', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 19.215525000618072, 64.72853299965209, '1/4133', '675e8bdd68b4497bb2215c594aff969d', '2026-11-29 14:46:12.853486+00'),
	('7dde4255-e31c-4148-8bae-8fd22d2a0d59', 'tickets', '1', 'tickets', 'book', 'customer_4', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 19.505049000144936, 87.67264900052396, '1/4135', 'd4aac5217bc943e0b00b385e96a62b5e', '2026-11-29 14:46:13.085187+00'),
	('4ac487cb-4741-41d8-a5a5-891079cfee1b', 'tickets', '1', 'tickets', 'book', 'customer_2', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 10.3569940001762, 70.46144800006005, '1/4135', 'd4aac5217bc943e0b00b385e96a62b5e', '2026-11-29 14:46:13.113607+00'),
	('e178fbf9-af3a-49b3-8221-b17b8a241765', 'tickets', '2', 'tickets', 'book', 'pessimistic_tickets', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 14.343201999508892, 33.734607000951655, 48.323429000447504, '1/4133', '0d304f6f37eb4d989e696f7c0a970d62', '2026-11-29 14:46:13.882374+00'),
	('09dbd5e1-42fa-4b82-b99d-7f97860271ea', 'tickets', '2', 'tickets', 'move', 'pessimistic_tickets', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 3.2642010010022204, 45.482785999411135, 49.002332001691684, '1/4133', '9dd8965da5454b6e92c9dd117a98eb9d', '2026-11-29 14:46:14.003766+00'),
	('c2c46b8d-45ae-4e15-9c1a-9040dd5a65c7', 'tickets', '2', 'tickets', 'book', 'pessimistic_tickets', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 0.26531200091994833, 2.9818459988746326, 3.405804000067292, '1/4133', 'b5f102fec76e460f89d434316f53b332', '2026-11-29 14:46:14.073268+00'),
	('5ff87851-a289-41d6-ad78-7981c535e5db', 'tickets', '2', 'tickets', 'cancel', 'pessimistic_tickets', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 2.024789000643068, 3.733134999492904, '1/4133', '5c2579b28c5f4905a4a0d1f53b8ac94d', '2026-11-29 14:46:14.39594+00'),
	('b168497a-2883-45a6-9df5-cb277a2463f9', 'slots', '1', 'resource 1', 'book', 'customer_2', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 20.026254000185872, 173.90254700148944, '1/4135', '4f9a1f05316d4f51a144620a2d94068e', '2026-11-29 14:46:15.473087+00'),
	('a2edbfc3-7111-4e91-a82b-c9c9a4bf99d2', 'slots', '1', 'resource 1', 'book', 'customer_1', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 18.884712000726722, 214.41227899958903, '1/4135', '4f9a1f05316d4f51a144620a2d94068e', '2026-11-29 14:46:15.498512+00'),
	('75ac3862-d62e-4b33-bf98-d56626080b7c', 'tickets', '3', 'tickets', 'book', 'constraint_tickets', 'constraint', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 148.46526899964374, 149.23331399950257, '1/4133', 'f5f61a2c0adb4e02a63101aed3bfe7d0', '2026-11-29 14:46:15.150423+00'),
	('2a476100-7217-47ec-8496-988264388124', 'slots', '1', 'resource 1', 'book', 'pessimistic_slots', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 0.49088900050264783, 27.019078999728663, 27.577311999266385, '1/4133', '18d02380469547eab662b3ddb271c2de', '2026-11-29 14:46:15.746027+00'),
	('c08d48ba-8acf-438e-9bf1-804cc7594399', 'slots', '1', 'resource 2', 'move', 'pessimistic_slots', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 15.653638000003411, 54.28676299925428, 62.971784000183106, '1/4135', 'c1dc2b50433d436faedf5e1e364cb222', '2026-11-29 14:46:15.850546+00'),
	('4ef7fbaa-cd38-4083-9b04-b3f1e90412cd', 'slots', '1', 'resource 1', 'cancel', 'pessimistic_slots', 'none', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 20.0494599994272, 33.0100510000193, '1/4135', 'cb2a941c443b4a4bbfb7e0937ede8d2c', '2026-11-29 14:46:16.184523+00'),
	('d8152746-caa7-400d-bb2d-5212b497732b', 'slots', '2', 'resource 1', 'book', 'constraint_slots', 'constraint', '{}', 2, 1, 'confirmed', 'confirmed', '', 1, 0, 9.624127000279259, 21.83703999980935, '1/4135', '49bef32fda6e4184ac12fb82b44d434b', '2026-11-29 14:46:16.241937+00'),
	('957ba399-755f-4483-ac73-c5a9e70104e1', 'slots', '1', 'resource 1', 'book', 'pessimistic_slots', 'pessimistic', '{"in_order": true}', 2, 1, 'confirmed', 'confirmed', '', 1, 2.764658000160125, 184.00873399878037, 186.99673899936897, '1/4133', '11eab62e00264d8d84ed01d54c77a5b2', '2026-11-29 14:46:15.952772+00');
INSERT INTO public.bookings OVERRIDING SYSTEM VALUE VALUES
	(1, '44b49fd3-53c5-44b3-822b-d099a00d8b12', 1, 'A1', '{A1}', 'customer_2', 'confirmed', false, '2026-11-29 14:46:11.335166+00'),
	(2, 'a518a8e4-0f63-4fd1-a806-b5f624b8b56b', 1, 'A1', '{A1}', 'customer_3', 'confirmed', false, '2026-11-29 14:46:11.368924+00'),
	(3, '7032529f-5284-41bd-85ad-6cdbd499d738', 1, 'A1', '{A1}', 'customer_1', 'confirmed', false, '2026-11-29 14:46:11.390956+00'),
	(4, '0e74ffab-cb3d-446f-9531-803d18933937', 1, 'B1', '{B1,B2}', 'customer_2', 'confirmed', false, '2026-11-29 14:46:11.654258+00'),
	(5, '0e74ffab-cb3d-446f-9531-803d18933937', 1, 'B2', '{B1,B2}', 'customer_2', 'confirmed', false, '2026-11-29 14:46:11.654416+00'),
	(6, 'ce352a59-8ddf-4198-aed8-aa561c967e61', 1, 'B1', '{B1,B2}', 'customer_1', 'confirmed', false, '2026-11-29 14:46:11.686917+00'),
	(7, 'ce352a59-8ddf-4198-aed8-aa561c967e61', 1, 'B2', '{B1,B2}', 'customer_1', 'confirmed', false, '2026-11-29 14:46:11.687085+00'),
	(8, '4b4b8ca4-bbd8-4be3-a277-50e23bf0d42f', 1, 'C1', '{C1}', 'pessimistic_seats', 'cancelled', false, '2026-11-29 14:46:11.881838+00'),
	(9, 'd3fe2b45-a6ff-4220-93c8-c5c10f0788a8', 1, 'D1', '{D1}', 'pessimistic_seats', 'moved', false, '2026-11-29 14:46:12.288525+00'),
	(10, 'd3fe2b45-a6ff-4220-93c8-c5c10f0788a8', 1, 'D2', '{D2}', 'pessimistic_seats', 'confirmed', false, '2026-11-29 14:46:12.634166+00'),
	(11, '52a2fc6b-4074-42d1-af80-3ba22b45ca96', 1, 'E1', '{E1,E2}', 'constraint_seats', 'confirmed', true, '2026-11-29 14:46:12.881032+00'),
	(12, '52a2fc6b-4074-42d1-af80-3ba22b45ca96', 1, 'E2', '{E1,E2}', 'constraint_seats', 'confirmed', true, '2026-11-29 14:46:12.88115+00');
INSERT INTO public.events VALUES
	(1, 'Concurrency in Concert', 'The Critical Section', '2026-12-29 14:45:22.976447+00', 100, '2026-11-29 14:45:22.976447+00');
INSERT INTO public.lab VALUES
	(true, 'none', '{}', 0, 2, 1);
INSERT INTO public.resets VALUES
	('seats', '1', 1),
	('slots', '1', 1),
	('slots', '2', 1),
	('tickets', '1', 1),
	('tickets', '2', 1),
	('tickets', '3', 1);
INSERT INTO public.seats OVERRIDING SYSTEM VALUE VALUES
	(2, 1, 'A2', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(3, 1, 'A3', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(4, 1, 'A4', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(5, 1, 'A5', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(6, 1, 'A6', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(7, 1, 'A7', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(8, 1, 'A8', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(9, 1, 'A9', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(10, 1, 'A10', 'VIP', 'A', false, NULL, NULL, NULL, 1, 0, 1),
	(13, 1, 'B3', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(14, 1, 'B4', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(15, 1, 'B5', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(16, 1, 'B6', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(17, 1, 'B7', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(18, 1, 'B8', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(19, 1, 'B9', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(20, 1, 'B10', 'VIP', 'B', false, NULL, NULL, NULL, 1, 0, 1),
	(22, 1, 'C2', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(23, 1, 'C3', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(24, 1, 'C4', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(25, 1, 'C5', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(26, 1, 'C6', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(27, 1, 'C7', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(28, 1, 'C8', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(29, 1, 'C9', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(30, 1, 'C10', 'VIP', 'C', false, NULL, NULL, NULL, 1, 0, 1),
	(33, 1, 'D3', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(34, 1, 'D4', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(35, 1, 'D5', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(36, 1, 'D6', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(37, 1, 'D7', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(38, 1, 'D8', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(39, 1, 'D9', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(40, 1, 'D10', 'Standard', 'D', false, NULL, NULL, NULL, 1, 0, 1),
	(43, 1, 'E3', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(44, 1, 'E4', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(45, 1, 'E5', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(46, 1, 'E6', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(47, 1, 'E7', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(48, 1, 'E8', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(41, 1, 'E1', 'Standard', 'E', true, 'constraint_seats', '52a2fc6b-4074-42d1-af80-3ba22b45ca96', '2026-11-29 14:46:12.88098+00', 2, 0, 1),
	(21, 1, 'C1', 'VIP', 'C', false, NULL, NULL, NULL, 3, 0, 1),
	(1, 1, 'A1', 'VIP', 'A', true, 'customer_1', '7032529f-5284-41bd-85ad-6cdbd499d738', '2026-11-29 14:46:11.390673+00', 4, 0, 1),
	(11, 1, 'B1', 'VIP', 'B', true, 'customer_1', 'ce352a59-8ddf-4198-aed8-aa561c967e61', '2026-11-29 14:46:11.686644+00', 3, 0, 1),
	(12, 1, 'B2', 'VIP', 'B', true, 'customer_1', 'ce352a59-8ddf-4198-aed8-aa561c967e61', '2026-11-29 14:46:11.686854+00', 3, 0, 1),
	(32, 1, 'D2', 'Standard', 'D', true, 'pessimistic_seats', 'd3fe2b45-a6ff-4220-93c8-c5c10f0788a8', '2026-11-29 14:46:12.634129+00', 2, 0, 1),
	(31, 1, 'D1', 'Standard', 'D', false, NULL, NULL, NULL, 3, 0, 1),
	(42, 1, 'E2', 'Standard', 'E', true, 'constraint_seats', '52a2fc6b-4074-42d1-af80-3ba22b45ca96', '2026-11-29 14:46:12.881016+00', 2, 0, 1),
	(49, 1, 'E9', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(50, 1, 'E10', 'Standard', 'E', false, NULL, NULL, NULL, 1, 0, 1),
	(51, 1, 'F1', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(52, 1, 'F2', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(53, 1, 'F3', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(54, 1, 'F4', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(55, 1, 'F5', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(56, 1, 'F6', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(57, 1, 'F7', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(58, 1, 'F8', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(59, 1, 'F9', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(60, 1, 'F10', 'Standard', 'F', false, NULL, NULL, NULL, 1, 0, 1),
	(61, 1, 'G1', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(62, 1, 'G2', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(63, 1, 'G3', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(64, 1, 'G4', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(65, 1, 'G5', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(66, 1, 'G6', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(67, 1, 'G7', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(68, 1, 'G8', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(69, 1, 'G9', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(70, 1, 'G10', 'Standard', 'G', false, NULL, NULL, NULL, 1, 0, 1),
	(71, 1, 'H1', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(72, 1, 'H2', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(73, 1, 'H3', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(74, 1, 'H4', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(75, 1, 'H5', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(76, 1, 'H6', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(77, 1, 'H7', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(78, 1, 'H8', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(79, 1, 'H9', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(80, 1, 'H10', 'Economy', 'H', false, NULL, NULL, NULL, 1, 0, 1),
	(81, 1, 'I1', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(82, 1, 'I2', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(83, 1, 'I3', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(84, 1, 'I4', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(85, 1, 'I5', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(86, 1, 'I6', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(87, 1, 'I7', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(88, 1, 'I8', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(89, 1, 'I9', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(90, 1, 'I10', 'Economy', 'I', false, NULL, NULL, NULL, 1, 0, 1),
	(91, 1, 'J1', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(92, 1, 'J2', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(93, 1, 'J3', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(94, 1, 'J4', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(95, 1, 'J5', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(96, 1, 'J6', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(97, 1, 'J7', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(98, 1, 'J8', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(99, 1, 'J9', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1),
	(100, 1, 'J10', 'Economy', 'J', false, NULL, NULL, NULL, 1, 0, 1);
INSERT INTO public.slot_branches VALUES
	(1, 1, 'Branch A', 'Europe/Berlin'),
	(1, 2, 'Branch B', 'Europe/London'),
	(2, 1, 'Branch A', 'Europe/Berlin'),
	(2, 2, 'Branch B', 'Europe/London');
INSERT INTO public.slot_product_branches VALUES
	(1, 1, 2, 3, 3, 1, 0, false),
	(1, 2, 1, 0, 0, 1, 0, false),
	(1, 2, 2, 0, 0, 1, 0, false),
	(2, 1, 1, 3, 3, 1, 0, false),
	(2, 1, 2, 3, 3, 1, 0, false),
	(2, 2, 1, 0, 0, 1, 0, false),
	(2, 2, 2, 0, 0, 1, 0, false),
	(1, 1, 1, 3, 0, 4, 0, false);
INSERT INTO public.slot_products VALUES
	(1, 1, 'Whitening kit'),
	(1, 2, 'Toothbrush'),
	(2, 1, 'Whitening kit'),
	(2, 2, 'Toothbrush');
INSERT INTO public.slot_reservation_products VALUES
	(1, 1, 1, 1),
	(1, 2, 1, 1),
	(1, 3, 1, 1);
INSERT INTO public.slot_reservations OVERRIDING SYSTEM VALUE VALUES
	(1, 'b168497a-2883-45a6-9df5-cb277a2463f9', 1, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'customer_2', 'confirmed', 80.00, false, '2026-11-29 14:46:15.61296+00'),
	(2, 'a2edbfc3-7111-4e91-a82b-c9c9a4bf99d2', 1, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'customer_1', 'confirmed', 80.00, false, '2026-11-29 14:46:15.69286+00'),
	(3, '2a476100-7217-47ec-8496-988264388124', 1, 2, 1, 1, '["2031-01-07 13:00:00+00","2031-01-07 14:00:00+00")', 'pessimistic_slots', 'confirmed', 80.00, false, '2026-11-29 14:46:15.760403+00'),
	(4, '957ba399-755f-4483-ac73-c5a9e70104e1', 1, 1, 1, 1, '["2031-01-07 15:00:00+00","2031-01-07 16:00:00+00")', 'pessimistic_slots', 'cancelled', 80.00, false, '2026-11-29 14:46:16.057113+00'),
	(5, 'd8152746-caa7-400d-bb2d-5212b497732b', 2, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'constraint_slots', 'confirmed', 80.00, true, '2026-11-29 14:46:16.251274+00');
INSERT INTO public.slot_resource_branches VALUES
	(1, 1, 1),
	(1, 1, 2),
	(1, 2, 1),
	(2, 1, 1),
	(2, 1, 2),
	(2, 2, 1);
INSERT INTO public.slot_resources VALUES
	(1, 1, 'Dr Both', 1, 0, 1),
	(1, 2, 'Dr Alone', 1, 0, 1),
	(2, 1, 'Dr Both', 1, 0, 1),
	(2, 2, 'Dr Alone', 1, 0, 1);
INSERT INTO public.slot_service_branches VALUES
	(1, 2, 2, 129.95),
	(2, 2, 2, 129.95);
INSERT INTO public.slot_services VALUES
	(1, 1, 'Cleaning', 80.00),
	(1, 2, 'Whitening', 149.90),
	(2, 1, 'Cleaning', 80.00),
	(2, 2, 'Whitening', 149.90);
INSERT INTO public.slot_tenants VALUES
	(1, 'Critical Care Dental', '2026-11-29 14:45:22.976447+00'),
	(2, 'Mutual Teeth', '2026-11-29 14:45:22.976447+00');
INSERT INTO public.ticket_bookings OVERRIDING SYSTEM VALUE VALUES
	(1, 'ea5b5fdc-d63e-4ff4-a9a0-8ed14cec5feb', 1, 'customer_3', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 14:46:13.126412+00', '2026-11-29 14:46:13.126412+00'),
	(2, 'b0c561c8-b9b9-4c6f-a96b-22b64d8f7762', 1, 'customer_1', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 14:46:13.145903+00', '2026-11-29 14:46:13.145903+00'),
	(3, '7dde4255-e31c-4148-8bae-8fd22d2a0d59', 1, 'customer_4', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 14:46:13.15304+00', '2026-11-29 14:46:13.15304+00'),
	(4, '4ac487cb-4741-41d8-a5a5-891079cfee1b', 1, 'customer_2', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 14:46:13.173391+00', '2026-11-29 14:46:13.173391+00'),
	(5, 'e178fbf9-af3a-49b3-8221-b17b8a241765', 2, 'pessimistic_tickets', 3, 199.99, DEFAULT, 'confirmed', '2026-11-29 14:46:13.903887+00', '2026-11-29 14:46:14.018468+00'),
	(6, 'c2c46b8d-45ae-4e15-9c1a-9040dd5a65c7', 2, 'pessimistic_tickets', 1, 199.99, DEFAULT, 'cancelled', '2026-11-29 14:46:14.074373+00', '2026-11-29 14:46:14.397531+00'),
	(7, '75ac3862-d62e-4b33-bf98-d56626080b7c', 3, 'constraint_tickets', 2, 249.99, DEFAULT, 'confirmed', '2026-11-29 14:46:15.150996+00', '2026-11-29 14:46:15.150996+00');
INSERT INTO public.ticket_events VALUES
	(1, 'Taylor Swift Concert', 'The Eras Tour - Live in Concert', '2024-12-01 19:00:00+00', 1000, 10, -6, 299.99, 5, 0, 1, false, '2026-11-29 14:45:22.976447+00'),
	(2, 'Ed Sheeran World Tour', 'Mathematics Tour - Live in Concert', '2024-11-15 20:00:00+00', 800, 10, 7, 199.99, 5, 0, 1, false, '2026-11-29 14:45:22.976447+00'),
	(3, 'Coldplay Concert', 'Music of the Spheres World Tour', '2024-10-30 19:30:00+00', 1200, 10, 8, 249.99, 2, 0, 1, true, '2026-11-29 14:45:22.976447+00');
INSERT INTO public.workers VALUES
	('1/4135', 4197, 2),
	('1/4133', 4466, 2);
SELECT pg_catalog.setval('public.bookings_id_seq', 12, true);
SELECT pg_catalog.setval('public.fencing_tokens', 1, false);
SELECT pg_catalog.setval('public.seats_id_seq', 100, true);
SELECT pg_catalog.setval('public.slot_reservations_id_seq', 5, true);
SELECT pg_catalog.setval('public.ticket_bookings_id_seq', 7, true);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.lab
    ADD CONSTRAINT lab_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.resets
    ADD CONSTRAINT resets_pkey PRIMARY KEY (workload, scope);
ALTER TABLE ONLY public.seats
    ADD CONSTRAINT seats_id_key UNIQUE (id);
ALTER TABLE ONLY public.seats
    ADD CONSTRAINT seats_pkey PRIMARY KEY (event_id, seat_number);
ALTER TABLE ONLY public.slot_branches
    ADD CONSTRAINT slot_branches_pkey PRIMARY KEY (tenant_id, branch_id);
ALTER TABLE ONLY public.slot_product_branches
    ADD CONSTRAINT slot_product_branches_pkey PRIMARY KEY (tenant_id, branch_id, product_id);
ALTER TABLE ONLY public.slot_products
    ADD CONSTRAINT slot_products_pkey PRIMARY KEY (tenant_id, product_id);
ALTER TABLE ONLY public.slot_reservation_products
    ADD CONSTRAINT slot_reservation_products_pkey PRIMARY KEY (tenant_id, reservation_id, product_id);
ALTER TABLE ONLY public.slot_reservations
    ADD CONSTRAINT slot_reservations_attempt_id_key UNIQUE (attempt_id);
ALTER TABLE ONLY public.slot_reservations
    ADD CONSTRAINT slot_reservations_guarded EXCLUDE USING gist (int8range((tenant_id)::bigint, (tenant_id)::bigint, '[]'::text) WITH &&, int8range((resource_id)::bigint, (resource_id)::bigint, '[]'::text) WITH &&, during WITH &&) WHERE (((status = 'confirmed'::text) AND guarded));
ALTER TABLE ONLY public.slot_reservations
    ADD CONSTRAINT slot_reservations_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.slot_resource_branches
    ADD CONSTRAINT slot_resource_branches_pkey PRIMARY KEY (tenant_id, resource_id, branch_id);
ALTER TABLE ONLY public.slot_resources
    ADD CONSTRAINT slot_resources_pkey PRIMARY KEY (tenant_id, resource_id);
ALTER TABLE ONLY public.slot_service_branches
    ADD CONSTRAINT slot_service_branches_pkey PRIMARY KEY (tenant_id, service_id, branch_id);
ALTER TABLE ONLY public.slot_services
    ADD CONSTRAINT slot_services_pkey PRIMARY KEY (tenant_id, service_id);
ALTER TABLE ONLY public.slot_tenants
    ADD CONSTRAINT slot_tenants_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.ticket_bookings
    ADD CONSTRAINT ticket_bookings_attempt_id_key UNIQUE (attempt_id);
ALTER TABLE ONLY public.ticket_bookings
    ADD CONSTRAINT ticket_bookings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ticket_events
    ADD CONSTRAINT ticket_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (worker);
CREATE UNIQUE INDEX bookings_guarded ON public.bookings USING btree (event_id, seat_number) WHERE ((status = 'confirmed'::text) AND guarded);
CREATE INDEX bookings_latest ON public.bookings USING btree (created_at, attempt_id);
CREATE UNIQUE INDEX bookings_once ON public.bookings USING btree (attempt_id, seat_number) WHERE (status = 'confirmed'::text);
CREATE INDEX bookings_seat ON public.bookings USING btree (event_id, seat_number);
CREATE INDEX slot_reservations_calendar ON public.slot_reservations USING btree (tenant_id, resource_id, lower(during));
CREATE INDEX slot_reservations_latest ON public.slot_reservations USING btree (created_at, attempt_id);
CREATE INDEX ticket_bookings_event ON public.ticket_bookings USING btree (event_id);
CREATE INDEX ticket_bookings_latest ON public.ticket_bookings USING btree (created_at, attempt_id);
ALTER TABLE ONLY public.bookings
    ADD CONSTRAINT bookings_event_id_seat_number_fkey FOREIGN KEY (event_id, seat_number) REFERENCES public.seats(event_id, seat_number);
ALTER TABLE ONLY public.seats
    ADD CONSTRAINT seats_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.events(id);
ALTER TABLE ONLY public.slot_branches
    ADD CONSTRAINT slot_branches_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.slot_tenants(tenant_id);
ALTER TABLE ONLY public.slot_product_branches
    ADD CONSTRAINT slot_product_branches_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES public.slot_branches(tenant_id, branch_id);
ALTER TABLE ONLY public.slot_product_branches
    ADD CONSTRAINT slot_product_branches_tenant_id_product_id_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.slot_products(tenant_id, product_id);
ALTER TABLE ONLY public.slot_products
    ADD CONSTRAINT slot_products_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.slot_tenants(tenant_id);
ALTER TABLE ONLY public.slot_reservation_products
    ADD CONSTRAINT slot_reservation_products_tenant_id_product_id_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.slot_products(tenant_id, product_id);
ALTER TABLE ONLY public.slot_reservation_products
    ADD CONSTRAINT slot_reservation_products_tenant_id_reservation_id_fkey FOREIGN KEY (tenant_id, reservation_id) REFERENCES public.slot_reservations(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.slot_reservations
    ADD CONSTRAINT slot_reservations_tenant_id_resource_id_branch_id_fkey FOREIGN KEY (tenant_id, resource_id, branch_id) REFERENCES public.slot_resource_branches(tenant_id, resource_id, branch_id);
ALTER TABLE ONLY public.slot_reservations
    ADD CONSTRAINT slot_reservations_tenant_id_service_id_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES public.slot_services(tenant_id, service_id);
ALTER TABLE ONLY public.slot_resource_branches
    ADD CONSTRAINT slot_resource_branches_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES public.slot_branches(tenant_id, branch_id);
ALTER TABLE ONLY public.slot_resource_branches
    ADD CONSTRAINT slot_resource_branches_tenant_id_resource_id_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES public.slot_resources(tenant_id, resource_id);
ALTER TABLE ONLY public.slot_resources
    ADD CONSTRAINT slot_resources_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.slot_tenants(tenant_id);
ALTER TABLE ONLY public.slot_service_branches
    ADD CONSTRAINT slot_service_branches_tenant_id_branch_id_fkey FOREIGN KEY (tenant_id, branch_id) REFERENCES public.slot_branches(tenant_id, branch_id);
ALTER TABLE ONLY public.slot_service_branches
    ADD CONSTRAINT slot_service_branches_tenant_id_service_id_fkey FOREIGN KEY (tenant_id, service_id) REFERENCES public.slot_services(tenant_id, service_id);
ALTER TABLE ONLY public.slot_services
    ADD CONSTRAINT slot_services_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.slot_tenants(tenant_id);

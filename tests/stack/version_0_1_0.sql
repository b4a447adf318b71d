-- A database of version 0.1.0, as pg_dump wrote it down: bookings of each kind, moved, cancelled,
-- guarded, refused, and some of which two or more were promised the same; after a reset and a switch.
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
	('87795d28-2278-46ae-a339-672c9c507bdf', 'seats', '1', 'A1', 'book', 'both_2', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 8.315485996718053, 348.8791690033395, '1/11374', 'ea52991912764993abf3c01af5558d1c', '2026-11-29 22:20:30.1195+00'),
	('36063d71-d0a3-4452-8d9a-bd87a314d606', 'seats', '1', 'A1', 'book', 'both_3', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 14.616102998843417, 324.5725700035109, '1/11375', '99dbbfbad78a48508bd1f030bdac9f02', '2026-11-29 22:20:30.109473+00'),
	('508c8f51-0ab5-467e-b42a-139bdca06b02', 'seats', '1', 'A1', 'book', 'both_1', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 20.04367799963802, 343.52093000052264, '1/11375', 'f14104a797354e62b40c111787432b49', '2026-11-29 22:20:30.115213+00'),
	('ffd8f5bd-d8b2-4886-9006-54e7bc9ea99d', 'seats', '1', 'B1+B2', 'book', 'pair_1', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 5.920654999499675, 316.758826993464, '1/11375', 'e62887756f794506856816d8a551b89d', '2026-11-29 22:20:30.491687+00'),
	('1e1aa484-5bf0-4c6e-bb82-d52c225bca50', 'seats', '1', 'B1+B2', 'book', 'pair_2', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 3.280646000348497, 311.21080700540915, '1/11375', '734504bfaf7a4feaae7c7f1ff63332ea', '2026-11-29 22:20:30.503139+00'),
	('22ceda8d-c257-4ac0-a8ad-de0889c0b4dd', 'seats', '1', 'F1', 'book', 'guarded', 'constraint', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 10.516000998904929, 318.66350099880947, '1/11375', '8ae111bb40d84aea83fe327946982168', '2026-11-29 22:20:30.832271+00'),
	('e79602a5-cb79-4452-98cf-157e026d45f4', 'seats', '1', 'F1', 'book', 'unguarded', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 8.072240998444613, 323.1204460025765, '1/11374', '1f4319dd0a8c482585e68ec16d4fb739', '2026-11-29 22:20:30.841856+00'),
	('0b267c3f-cb53-45ba-bb19-b10eb34feb62', 'tickets', '1', 'tickets', 'book', 'crowd_2', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 3.2374369984609075, 309.94321899925126, '1/11374', '4369b97b22b7445b96785509aedd99fb', '2026-11-29 22:20:31.177639+00'),
	('2e56ac3c-e66f-4b1d-926d-1a33d775bbc6', 'tickets', '1', 'tickets', 'book', 'crowd_1', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 1.9700449993251823, 311.8272289939341, '1/11374', '64e5b043329240a193a8b39e887e8dfd', '2026-11-29 22:20:31.183675+00'),
	('e8e487a9-3e5e-497c-89a8-33521ab7a5ad', 'tickets', '1', 'tickets', 'book', 'crowd_4', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 2.0935830034432, 309.2027259990573, '1/11374', '16bb53dc5e5b46f3b8051d26ce69bfaf', '2026-11-29 22:20:31.189822+00'),
	('b4cc1366-5516-4ead-bf2f-fc9ae8b2386e', 'tickets', '1', 'tickets', 'book', 'crowd_3', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 1.7681719982647337, 317.95766900177114, '1/11375', '97277fb5df854eb889f5c215ec689d43', '2026-11-29 22:20:31.188625+00'),
	('a953e2c0-d44f-45e0-8b27-ee38cf50a3e3', 'slots', '1', 'resource 1', 'book', 'slot_2', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 5.534265001188032, 325.4461969991098, '1/11374', '7006568dea0349408619c3ee36b213b8', '2026-11-29 22:20:31.552344+00'),
	('c0d5e482-dc8f-4ffd-83f5-583172ef4d63', 'slots', '1', 'resource 1', 'book', 'slot_1', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 6.978415003686678, 341.376684998977, '1/11374', '12a9c29b70bc48d6ab625e0290c9d4df', '2026-11-29 22:20:31.542831+00'),
	('b566dfdd-9562-41a1-81fd-ef0ea971c78d', 'slots', '1', 'resource 2', 'book', 'unguarded', 'none', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 6.685617001494393, 313.98654600343434, '1/11375', '13a87782c31c4f7fbfb40b4d0c569657', '2026-11-29 22:20:31.910229+00'),
	('47df1c75-1c29-4420-80f0-06ceb7a5e95a', 'slots', '1', 'resource 2', 'book', 'guarded', 'constraint', '{}', 3, 3, 'confirmed', 'confirmed', '', 1, 0, 6.339698004012462, 319.8824849969242, '1/11374', '8c269c3baceb424a83cc4d5914137ae1', '2026-11-29 22:20:31.899228+00'),
	('9e0151a4-bb4a-4118-81d3-0723b64a4a32', 'seats', '1', 'E1+E2', 'book', 'alone', 'constraint', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 8.57395600178279, 14.042749004147481, '1/11375', 'db4a9d8bd3054a14af017a181c090dd0', '2026-11-29 22:20:32.331044+00'),
	('b9756baa-f8f7-4eb3-aac8-57e96ec688f0', 'slots', '2', 'resource 1', 'book', 'alone', 'constraint', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 3.1567800033371896, 6.862353999167681, '1/11375', '92fe798a88524b75aa5060d0e98ec901', '2026-11-29 22:20:32.357472+00'),
	('4636ffb8-36ad-4319-aaa8-70c38008dff9', 'tickets', '3', 'tickets', 'book', 'alone', 'constraint', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 1.7695389979053289, 4.942566003592219, '1/11375', '9a137600e45e45a780b5373462229f04', '2026-11-29 22:20:32.37248+00'),
	('6ccf8b02-b8ad-4f9f-94d5-80e381b8c284', 'seats', '1', 'C1', 'book', 'cancels', 'pessimistic', '{"in_order": true}', 4, 3, 'confirmed', 'confirmed', '', 1, 0.15311499737435952, 1.33283699688036, 1.61374199524289, '1/11375', '3ea004895f2947deba2e2bcd31505537', '2026-11-29 22:20:32.383384+00'),
	('03064749-9dab-442d-9872-59fb88298db0', 'seats', '1', 'C1', 'cancel', 'cancels', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 3.210794006008655, 7.38221899518976, '1/11375', 'd2121ef08588495bbe859fbfaac35cd5', '2026-11-29 22:20:32.403715+00'),
	('5d2af942-32b3-4ca3-a2a8-93116d17f6a6', 'tickets', '2', 'tickets', 'book', 'cancels', 'pessimistic', '{"in_order": true}', 4, 3, 'confirmed', 'confirmed', '', 1, 2.1403339997050352, 5.822907005494926, 8.634016005089507, '1/11375', 'a3dd4f3507204771a5c26e2bcef1aa0c', '2026-11-29 22:20:32.501102+00'),
	('b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', 'seats', '1', 'D1', 'book', 'moves', 'pessimistic', '{"in_order": true}', 4, 3, 'confirmed', 'confirmed', '', 1, 0.41120600508293137, 2.4994819978019223, 3.1004379998194054, '1/11374', 'a8b8545caa2f475d80d9aab5790c6965', '2026-11-29 22:20:32.427304+00'),
	('aab42c61-1ea3-4ddc-8f93-9bdfbbf49cc5', 'seats', '1', 'D2+D3+D1', 'move', 'moves', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 2.2035099973436445, 3.815848998783622, '1/11374', 'f4d2428d534a455d96ab46f64ee894e2', '2026-11-29 22:20:32.441258+00'),
	('a18ae710-c2b7-4f9e-b638-5d6b4387a002', 'tickets', '2', 'tickets', 'book', 'moves', 'optimistic', '{"cap": 0.25, "base": 0.005, "attempts": 5}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 3.768481001316104, 4.806558004929684, '1/11374', '2531ce44507e46339818482051b1f25e', '2026-11-29 22:20:32.451506+00'),
	('53ed9997-1a5b-44c1-a1f9-5b9a8a4c1266', 'tickets', '2', 'tickets', 'move', 'moves', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 7.862662001571152, 12.002190997009166, '1/11374', 'a07dbba10c7c4e60b4a528e0dcb7f8a1', '2026-11-29 22:20:32.476579+00'),
	('4f9166ff-2c87-481e-bc99-164306f7524e', 'tickets', '2', 'tickets', 'cancel', 'cancels', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 7.051089000015054, 8.306682997499593, '1/11374', 'ca45f15d27cb4ba5b4f1d871dfbaab8b', '2026-11-29 22:20:32.532298+00'),
	('7d68c763-a084-449b-be94-79002023057e', 'slots', '1', 'resource 2', 'book', 'moves', 'pessimistic', '{"in_order": true}', 4, 3, 'confirmed', 'confirmed', '', 1, 2.297254999575671, 7.552709001174662, 10.039797001809347, '1/11375', '935c61ee77934af7a9785b378ecec54f', '2026-11-29 22:20:32.562372+00'),
	('e1d91083-bd5e-412c-a9c8-91d08fb60079', 'slots', '1', 'resource 1', 'book', 'cancels', 'pessimistic', '{"in_order": true}', 4, 3, 'confirmed', 'confirmed', '', 1, 2.2574570029973984, 9.86135599669069, 10.954142999253236, '1/11375', '188a809c2d38467bad5fb301c464b392', '2026-11-29 22:20:32.62034+00'),
	('a4f9f7ad-6f8f-4462-b2f6-f59bbc410ec2', 'seats', '1', 'A2+A3', 'book', 'best', 'skip_locked', '{"attempts": 3}', 4, 3, 'confirmed', 'confirmed', '', 1, 0.5600980002782308, 6.638298997131642, 7.470174998161383, '1/11375', 'b70efb7c6ea748569d2f385b5ca13d5e', '2026-11-29 22:20:32.710711+00'),
	('897f1176-26c1-4b95-a983-9041ffa9d564', 'slots', '1', 'resource 2', 'move', 'moves', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 3.6186880024615675, 9.603926999261603, '1/11374', '9889bd5931584a10b5e971b14bc17015', '2026-11-29 22:20:32.59746+00'),
	('a74b2b8a-9009-4743-8312-1d82f5fd419d', 'slots', '1', 'resource 1', 'cancel', 'cancels', 'none', '{}', 4, 3, 'confirmed', 'confirmed', '', 1, 0, 0.8687480003573, 2.681560996279586, '1/11374', 'c34f9042a06844db97bbda23f73c267b', '2026-11-29 22:20:32.649274+00'),
	('40367c71-31f0-41db-9f09-de84c6c7707a', 'seats', '1', 'G1', 'book', 'token', 'fenced', '{"ttl": 10.0, "wait": 5.0}', 4, 3, 'confirmed', 'confirmed', '', 1, 3.0775189952692017, 16.23201400070684, 19.47261600435013, '1/11374', '8965499720c946a59d29d13bd96ba324', '2026-11-29 22:20:32.681421+00'),
	('0193e3ae-70fa-4de5-8dd6-a39efd51c16b', 'tickets', '3', 'tickets', 'book', 'late', 'atomic', '{}', 4, 3, 'refused', 'refused', 'sold_out', 1, 0, 0, 0.5797900012112223, '1/11374', '114478b547b44832909f05bada933670', '2026-11-29 22:20:32.676411+00'),
	('3f8fac28-52a2-4130-b7a5-67e4d60a6b01', 'seats', '1', 'A1', 'book', 'late', 'pessimistic', '{"in_order": true}', 4, 3, 'refused', 'refused', 'seat_taken', 1, 0.1504339961684309, 0.20911100000375882, 0.5327079998096451, '1/11374', '11049cfc3d1e4d77a01b0b91c303ed5a', '2026-11-29 22:20:32.660083+00'),
	('fb88caf6-430e-43f1-afbf-5ebc5c203bc8', 'slots', '2', 'resource 1', 'book', 'late', 'constraint', '{}', 4, 3, 'refused', 'refused', 'overlaps', 1, 0, 0, 0.8954850054578856, '1/11374', '0d579f97e7ad4a63962363811b28d95c', '2026-11-29 22:20:32.671092+00'),
	('fc5b55b0-03a1-4eef-bf1d-edad699c227c', 'seats', '1', 'E1', 'book', 'late', 'constraint', '{}', 4, 3, 'refused', 'refused', 'seat_taken', 1, 0, 0, 1.3049800036242232, '1/11374', '41966d9d844146ee83450f5b8be7bf60', '2026-11-29 22:20:32.664363+00');
INSERT INTO public.bookings OVERRIDING SYSTEM VALUE VALUES
	(2, '36063d71-d0a3-4452-8d9a-bd87a314d606', 1, 'A1', '{A1}', 'both_3', 'confirmed', false, '2026-11-29 22:20:30.416614+00'),
	(3, '508c8f51-0ab5-467e-b42a-139bdca06b02', 1, 'A1', '{A1}', 'both_1', 'confirmed', false, '2026-11-29 22:20:30.437897+00'),
	(4, '87795d28-2278-46ae-a339-672c9c507bdf', 1, 'A1', '{A1}', 'both_2', 'confirmed', false, '2026-11-29 22:20:30.458242+00'),
	(5, 'ffd8f5bd-d8b2-4886-9006-54e7bc9ea99d', 1, 'B1', '{B1,B2}', 'pair_1', 'confirmed', false, '2026-11-29 22:20:30.801391+00'),
	(6, 'ffd8f5bd-d8b2-4886-9006-54e7bc9ea99d', 1, 'B2', '{B1,B2}', 'pair_1', 'confirmed', false, '2026-11-29 22:20:30.801428+00'),
	(7, '1e1aa484-5bf0-4c6e-bb82-d52c225bca50', 1, 'B1', '{B1,B2}', 'pair_2', 'confirmed', false, '2026-11-29 22:20:30.810452+00'),
	(8, '1e1aa484-5bf0-4c6e-bb82-d52c225bca50', 1, 'B2', '{B1,B2}', 'pair_2', 'confirmed', false, '2026-11-29 22:20:30.81049+00'),
	(9, '22ceda8d-c257-4ac0-a8ad-de0889c0b4dd', 1, 'F1', '{F1}', 'guarded', 'confirmed', true, '2026-11-29 22:20:31.135604+00'),
	(10, 'e79602a5-cb79-4452-98cf-157e026d45f4', 1, 'F1', '{F1}', 'unguarded', 'confirmed', false, '2026-11-29 22:20:31.150508+00'),
	(11, '9e0151a4-bb4a-4118-81d3-0723b64a4a32', 1, 'E1', '{E1,E2}', 'alone', 'confirmed', true, '2026-11-29 22:20:32.334782+00'),
	(12, '9e0151a4-bb4a-4118-81d3-0723b64a4a32', 1, 'E2', '{E1,E2}', 'alone', 'confirmed', true, '2026-11-29 22:20:32.334827+00'),
	(13, '6ccf8b02-b8ad-4f9f-94d5-80e381b8c284', 1, 'C1', '{C1}', 'cancels', 'cancelled', false, '2026-11-29 22:20:32.384249+00'),
	(14, 'b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', 1, 'D1', '{D1}', 'moves', 'moved', false, '2026-11-29 22:20:32.429068+00'),
	(15, 'b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', 1, 'D2', '{D2,D3}', 'moves', 'confirmed', false, '2026-11-29 22:20:32.442644+00'),
	(16, 'b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', 1, 'D3', '{D2,D3}', 'moves', 'confirmed', false, '2026-11-29 22:20:32.442658+00'),
	(17, '40367c71-31f0-41db-9f09-de84c6c7707a', 1, 'G1', '{G1}', 'token', 'confirmed', false, '2026-11-29 22:20:32.691304+00'),
	(18, 'a4f9f7ad-6f8f-4462-b2f6-f59bbc410ec2', 1, 'A2', '{A2,A3}', 'best', 'confirmed', false, '2026-11-29 22:20:32.714473+00'),
	(19, 'a4f9f7ad-6f8f-4462-b2f6-f59bbc410ec2', 1, 'A3', '{A2,A3}', 'best', 'confirmed', false, '2026-11-29 22:20:32.714507+00');
INSERT INTO public.events VALUES
	(1, 'Concurrency in Concert', 'The Critical Section', '2026-12-29 22:20:03.486521+00', 100, '2026-11-29 22:20:03.486521+00');
INSERT INTO public.lab VALUES
	(true, 'optimistic', '{"cap": 0.25, "base": 0.005, "attempts": 7}', 5, 6, 3);
INSERT INTO public.resets VALUES
	('slots', '1', 1),
	('slots', '2', 1),
	('tickets', '1', 1),
	('tickets', '3', 1),
	('tickets', '2', 2),
	('seats', '1', 3);
INSERT INTO public.seats OVERRIDING SYSTEM VALUE VALUES
	(41, 1, 'E1', 'Standard', 'E', true, 'alone', '9e0151a4-bb4a-4118-81d3-0723b64a4a32', '2026-11-29 22:20:32.334735+00', 3, 0, 3),
	(10, 1, 'A10', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(4, 1, 'A4', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(5, 1, 'A5', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(6, 1, 'A6', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(7, 1, 'A7', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(8, 1, 'A8', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(9, 1, 'A9', 'VIP', 'A', false, NULL, NULL, NULL, 2, 0, 3),
	(42, 1, 'E2', 'Standard', 'E', true, 'alone', '9e0151a4-bb4a-4118-81d3-0723b64a4a32', '2026-11-29 22:20:32.334769+00', 3, 0, 3),
	(20, 1, 'B10', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(2, 1, 'A2', 'VIP', 'A', true, 'best', 'a4f9f7ad-6f8f-4462-b2f6-f59bbc410ec2', '2026-11-29 22:20:32.714431+00', 3, 0, 3),
	(13, 1, 'B3', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(14, 1, 'B4', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(15, 1, 'B5', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(16, 1, 'B6', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(17, 1, 'B7', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(18, 1, 'B8', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(19, 1, 'B9', 'VIP', 'B', false, NULL, NULL, NULL, 2, 0, 3),
	(21, 1, 'C1', 'VIP', 'C', false, NULL, NULL, NULL, 4, 0, 3),
	(30, 1, 'C10', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(22, 1, 'C2', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(23, 1, 'C3', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(24, 1, 'C4', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(25, 1, 'C5', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(26, 1, 'C6', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(27, 1, 'C7', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(28, 1, 'C8', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(29, 1, 'C9', 'VIP', 'C', false, NULL, NULL, NULL, 2, 0, 3),
	(31, 1, 'D1', 'Standard', 'D', false, NULL, NULL, NULL, 4, 0, 3),
	(40, 1, 'D10', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(3, 1, 'A3', 'VIP', 'A', true, 'best', 'a4f9f7ad-6f8f-4462-b2f6-f59bbc410ec2', '2026-11-29 22:20:32.714464+00', 3, 0, 3),
	(34, 1, 'D4', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(35, 1, 'D5', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(36, 1, 'D6', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(37, 1, 'D7', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(38, 1, 'D8', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(39, 1, 'D9', 'Standard', 'D', false, NULL, NULL, NULL, 2, 0, 3),
	(32, 1, 'D2', 'Standard', 'D', true, 'moves', 'b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', '2026-11-29 22:20:32.442598+00', 3, 0, 3),
	(33, 1, 'D3', 'Standard', 'D', true, 'moves', 'b90eb665-fa5d-4cdf-9419-fc2462cbb5e8', '2026-11-29 22:20:32.442603+00', 3, 0, 3),
	(43, 1, 'E3', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(44, 1, 'E4', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(45, 1, 'E5', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(46, 1, 'E6', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(47, 1, 'E7', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(48, 1, 'E8', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(11, 1, 'B1', 'VIP', 'B', true, 'pair_2', '1e1aa484-5bf0-4c6e-bb82-d52c225bca50', '2026-11-29 22:20:30.810414+00', 4, 0, 3),
	(1, 1, 'A1', 'VIP', 'A', true, 'both_2', '87795d28-2278-46ae-a339-672c9c507bdf', '2026-11-29 22:20:30.45821+00', 5, 0, 3),
	(12, 1, 'B2', 'VIP', 'B', true, 'pair_2', '1e1aa484-5bf0-4c6e-bb82-d52c225bca50', '2026-11-29 22:20:30.810435+00', 4, 0, 3),
	(50, 1, 'E10', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(49, 1, 'E9', 'Standard', 'E', false, NULL, NULL, NULL, 2, 0, 3),
	(60, 1, 'F10', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(52, 1, 'F2', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(53, 1, 'F3', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(54, 1, 'F4', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(55, 1, 'F5', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(56, 1, 'F6', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(57, 1, 'F7', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(58, 1, 'F8', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(59, 1, 'F9', 'Standard', 'F', false, NULL, NULL, NULL, 2, 0, 3),
	(70, 1, 'G10', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(62, 1, 'G2', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(63, 1, 'G3', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(64, 1, 'G4', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(65, 1, 'G5', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(66, 1, 'G6', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(67, 1, 'G7', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(68, 1, 'G8', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(69, 1, 'G9', 'Standard', 'G', false, NULL, NULL, NULL, 2, 0, 3),
	(71, 1, 'H1', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(80, 1, 'H10', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(72, 1, 'H2', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(73, 1, 'H3', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(74, 1, 'H4', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(75, 1, 'H5', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(76, 1, 'H6', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(77, 1, 'H7', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(78, 1, 'H8', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(79, 1, 'H9', 'Economy', 'H', false, NULL, NULL, NULL, 2, 0, 3),
	(81, 1, 'I1', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(90, 1, 'I10', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(82, 1, 'I2', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(83, 1, 'I3', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(84, 1, 'I4', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(85, 1, 'I5', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(86, 1, 'I6', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(87, 1, 'I7', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(88, 1, 'I8', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(89, 1, 'I9', 'Economy', 'I', false, NULL, NULL, NULL, 2, 0, 3),
	(91, 1, 'J1', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(92, 1, 'J2', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(93, 1, 'J3', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(94, 1, 'J4', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(95, 1, 'J5', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(96, 1, 'J6', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(61, 1, 'G1', 'Standard', 'G', true, 'token', '40367c71-31f0-41db-9f09-de84c6c7707a', '2026-11-29 22:20:32.691267+00', 3, 1, 3),
	(51, 1, 'F1', 'Standard', 'F', true, 'unguarded', 'e79602a5-cb79-4452-98cf-157e026d45f4', '2026-11-29 22:20:31.150342+00', 4, 0, 3),
	(100, 1, 'J10', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(97, 1, 'J7', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(98, 1, 'J8', 'Economy', 'J', false, NULL, NULL, NULL, 2, 0, 3),
	(99, 1, 'J9', 'Economy', 'J', false, NULL, NULL, NULL, 4, 0, 3);
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
	(1, 1, 1, 3, 1, 5, 0, false);
INSERT INTO public.slot_products VALUES
	(1, 1, 'Whitening kit'),
	(1, 2, 'Toothbrush'),
	(2, 1, 'Whitening kit'),
	(2, 2, 'Toothbrush');
INSERT INTO public.slot_reservation_products VALUES
	(1, 1, 1, 1),
	(1, 2, 1, 1),
	(1, 7, 1, 1);
INSERT INTO public.slot_reservations OVERRIDING SYSTEM VALUE VALUES
	(1, 'a953e2c0-d44f-45e0-8b27-ee38cf50a3e3', 1, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'slot_2', 'confirmed', 80.00, false, '2026-11-29 22:20:31.864057+00'),
	(2, 'c0d5e482-dc8f-4ffd-83f5-583172ef4d63', 1, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'slot_1', 'confirmed', 80.00, false, '2026-11-29 22:20:31.874836+00'),
	(3, '47df1c75-1c29-4420-80f0-06ceb7a5e95a', 1, 2, 1, 1, '["2031-01-07 10:00:00+00","2031-01-07 12:00:00+00")', 'guarded', 'confirmed', 80.00, true, '2026-11-29 22:20:32.209009+00'),
	(4, 'b566dfdd-9562-41a1-81fd-ef0ea971c78d', 1, 2, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 11:00:00+00")', 'unguarded', 'confirmed', 80.00, false, '2026-11-29 22:20:32.216558+00'),
	(5, 'b9756baa-f8f7-4eb3-aac8-57e96ec688f0', 2, 1, 1, 1, '["2031-01-07 09:00:00+00","2031-01-07 10:00:00+00")', 'alone', 'confirmed', 80.00, true, '2026-11-29 22:20:32.360536+00'),
	(6, '7d68c763-a084-449b-be94-79002023057e', 1, 2, 1, 1, '["2031-01-07 15:00:00+00","2031-01-07 16:00:00+00")', 'moves', 'confirmed', 80.00, false, '2026-11-29 22:20:32.567393+00'),
	(7, 'e1d91083-bd5e-412c-a9c8-91d08fb60079', 1, 1, 1, 1, '["2031-01-07 15:00:00+00","2031-01-07 16:00:00+00")', 'cancels', 'cancelled', 80.00, false, '2026-11-29 22:20:32.626523+00');
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
	(1, 'Critical Care Dental', '2026-11-29 22:20:03.486521+00'),
	(2, 'Mutual Teeth', '2026-11-29 22:20:03.486521+00');
INSERT INTO public.ticket_bookings OVERRIDING SYSTEM VALUE VALUES
	(2, '0b267c3f-cb53-45ba-bb19-b10eb34feb62', 1, 'crowd_2', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 22:20:31.483691+00', '2026-11-29 22:20:31.483691+00'),
	(3, '2e56ac3c-e66f-4b1d-926d-1a33d775bbc6', 1, 'crowd_1', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 22:20:31.490617+00', '2026-11-29 22:20:31.490617+00'),
	(4, 'e8e487a9-3e5e-497c-89a8-33521ab7a5ad', 1, 'crowd_4', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 22:20:31.496383+00', '2026-11-29 22:20:31.496383+00'),
	(5, 'b4cc1366-5516-4ead-bf2f-fc9ae8b2386e', 1, 'crowd_3', 4, 299.99, DEFAULT, 'confirmed', '2026-11-29 22:20:31.498517+00', '2026-11-29 22:20:31.498517+00'),
	(6, '4636ffb8-36ad-4319-aaa8-70c38008dff9', 3, 'alone', 2, 249.99, DEFAULT, 'confirmed', '2026-11-29 22:20:32.374247+00', '2026-11-29 22:20:32.374247+00'),
	(7, 'a18ae710-c2b7-4f9e-b638-5d6b4387a002', 2, 'moves', 3, 199.99, DEFAULT, 'confirmed', '2026-11-29 22:20:32.452923+00', '2026-11-29 22:20:32.47753+00'),
	(8, '5d2af942-32b3-4ca3-a2a8-93116d17f6a6', 2, 'cancels', 1, 199.99, DEFAULT, 'cancelled', '2026-11-29 22:20:32.505674+00', '2026-11-29 22:20:32.533143+00');
INSERT INTO public.ticket_events VALUES
	(1, 'Taylor Swift Concert', 'The Eras Tour - Live in Concert', '2024-12-01 19:00:00+00', 1000, 10, -6, 299.99, 5, 0, 1, false, '2026-11-29 22:20:03.486521+00'),
	(3, 'Coldplay Concert', 'Music of the Spheres World Tour', '2024-10-30 19:30:00+00', 1200, 10, 8, 249.99, 2, 0, 1, true, '2026-11-29 22:20:03.486521+00'),
	(2, 'Ed Sheeran World Tour', 'Mathematics Tour - Live in Concert', '2024-11-15 20:00:00+00', 800, 10, 7, 199.99, 8, 0, 2, false, '2026-11-29 22:20:03.486521+00');
INSERT INTO public.workers VALUES
	('1/11375', 11379, 6),
	('1/11374', 11377, 6);
SELECT pg_catalog.setval('public.bookings_id_seq', 19, true);
SELECT pg_catalog.setval('public.fencing_tokens', 1, true);
SELECT pg_catalog.setval('public.seats_id_seq', 100, true);
SELECT pg_catalog.setval('public.slot_reservations_id_seq', 7, true);
SELECT pg_catalog.setval('public.ticket_bookings_id_seq', 8, true);
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

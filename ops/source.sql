-- The product's database, as `make demo-postgres` makes it: synthetic rows, and a role that only reads.
-- Run by psql from the repository's root.
create schema shop;

create table organization (
    id bigint primary key, tenant_id uuid not null unique, name text not null, plan text, created_at timestamp
);
create table app_user (
    id bigint primary key, organization_id bigint references organization, username text, email text, phone text,
    first_name text, last_name text, date_joined timestamp,
    -- stays here: the warehouse's YAML ignores it
    password_hash text not null default 'none'
);
create table appointment (
    id bigint primary key, organization_id bigint references organization, provider_id bigint references app_user,
    scheduled_at timestamp, status text, created_at timestamp, updated_at timestamp
);
create table event (
    id bigint primary key, occurred_at timestamp, event_type text, user_id bigint references app_user,
    organization_id bigint references organization, metadata jsonb
);
create table shop.customers (
    id bigint primary key, organization_id bigint references organization, email text, phone text, ssn_last4 char(4),
    full_name text, birth_date date, street_address text, postcode text, country char(2), ip_address text,
    consent_given_at timestamp, consent_type text, is_deleted boolean not null, created_at timestamp, updated_at timestamp
);
create table shop.orders (
    id bigint primary key, organization_id bigint references organization, customer_id bigint references shop.customers,
    order_number text unique, ordered_at timestamp, status text, amount_cents bigint, currency char(3)
);
create table attribution_events (
    id uuid primary key, tenant_id uuid references organization (tenant_id), occurred_at timestamp,
    raw_payload jsonb not null
);
create table dead_events (
    id uuid primary key, tenant_id uuid references organization (tenant_id), occurred_at timestamp, error_code text,
    error_detail jsonb, raw_payload jsonb not null
);
create table revenue_ledger (
    id uuid primary key, tenant_id uuid references organization (tenant_id), transaction_id text unique,
    amount_cents bigint, currency char(3), state text, verification_source text, verification_timestamp timestamp,
    metadata jsonb
);

\copy organization from seeds/raw_organization.csv csv header
\copy app_user (id, organization_id, username, email, phone, first_name, last_name, date_joined) from seeds/raw_user.csv csv header
\copy appointment from seeds/raw_appointment.csv csv header
\copy event from seeds/raw_event.csv csv header
\copy shop.customers from seeds/raw_customers.csv csv header
\copy shop.orders from seeds/raw_orders.csv csv header
\copy attribution_events from seeds/raw_attribution_events.csv csv header
\copy dead_events from seeds/raw_dead_events.csv csv header
\copy revenue_ledger from seeds/raw_revenue_ledger.csv csv header

create role sync_warehouse login;
grant usage on schema shop to sync_warehouse;
grant select on all tables in schema public, shop to sync_warehouse;

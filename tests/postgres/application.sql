-- The application's tables that the guards stand on, as its own migrations make them.

create table tenants (
  id uuid primary key default gen_random_uuid(),
  name text not null
);

create table attribution_events (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references tenants (id),
  occurred_at timestamptz not null default now(),
  raw_payload jsonb not null
);

create table revenue_ledger (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references tenants (id),
  transaction_id text not null,
  amount_cents bigint not null,
  currency text not null,
  state text not null,
  verification_source text,
  verification_timestamp timestamptz,
  metadata jsonb
);

create table dead_events (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid references tenants (id),
  received_at timestamptz not null default now(),
  error_code text not null,
  error_detail jsonb,
  raw_payload jsonb not null
);

create table attribution_allocations (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references tenants (id),
  event_id uuid not null references attribution_events (id)
);

create table reconciliation_runs (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid not null references tenants (id),
  started_at timestamptz not null default now()
);

-- What happened stays: events and ledger take rows, and give none up.
create function fn_prevent_mutation() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only.', tg_table_name using errcode = '55000';
end $$;

create trigger trg_events_prevent_mutation
  before update or delete on attribution_events
  for each row execute function fn_prevent_mutation();

create trigger trg_ledger_prevent_mutation
  before update or delete on revenue_ledger
  for each row execute function fn_prevent_mutation();

-- Each tenant sees its own rows.
do $$
declare
  name text;
begin
  foreach name in array array[
    'attribution_events', 'revenue_ledger', 'dead_events',
    'attribution_allocations', 'reconciliation_runs'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format(
      'create policy tenant_isolation on %I
        using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)
        with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)',
      name
    );
  end loop;
end $$;

grant select, insert on
  tenants, attribution_events, revenue_ledger, attribution_allocations, reconciliation_runs
  to app_rw;
grant select, insert, update, delete on dead_events to app_rw;
grant select on all tables in schema public to app_ro;

insert into tenants (id, name) values
  ('00000000-0000-4000-8000-00000000000a', 'north'),
  ('00000000-0000-4000-8000-00000000000b', 'south');

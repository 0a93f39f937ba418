{#
    Makes the database agree with the `grants` of the project; call it in `on-run-end`. dbt grants
    `select` on each relation that it builds, but a reader needs `usage` on the schema too, and what dbt
    no longer builds keeps its readers. In each schema where the project has models:

    - whoever may select from a model there may use the schema, and nobody else;
    - a relation is read by those whom its `grants` name; one that the project no longer has, for
      instance since its model moved to another tier, by nobody;
    - a table that comes later is read by those who may read every model there.

    It touches only what the role that builds owns, and leaves the schema `public` alone, where others
    live too. On engines without such a body it does nothing.
#}
{% macro apply_schema_grants() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'retry') -%}
        {{ return(adapter.dispatch('apply_schema_grants', 'pii_lint')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__apply_schema_grants() -%}{%- endmacro %}

{# dbt would fall back to PostgreSQL's body, and Redshift runs no such block. -#}
{% macro redshift__apply_schema_grants() -%}{%- endmacro %}

{% macro postgres__apply_schema_grants() -%}
    {%- set readers = pii_lint.relation_readers() | rejectattr('schema', 'equalto', 'public') | list -%}
    {%- if readers -%}
do $apply$
declare
    stranger text;
    change text;
begin
    create temporary table pii_lint_readers on commit drop as
    select schema_name, relation_name, (parse_ident(role))[1] as role
    from (values
        {%- for reader in readers %}
        {%- for role in reader.roles or [none] %}
        ({{ dbt.string_literal(reader.schema) }}, {{ dbt.string_literal(reader.relation) }}, {{ dbt.string_literal(role) if role else 'null' }})
        {%- if not loop.last %},{% endif -%}
        {%- endfor -%}
        {%- if not loop.last %},{% endif -%}
        {%- endfor %}
    ) as given (schema_name, relation_name, role);

    select min(role) into stranger
    from pii_lint_readers
    where role <> 'public' and role not in (select rolname from pg_roles);
    if stranger is not null then
        raise exception 'grants name the role %, and the database has none of that name: create it, or take it out of grants', stranger;
    end if;

    -- dbt makes a schema when it first builds something there
    delete from pii_lint_readers where to_regnamespace(quote_ident(schema_name)) is null;

    for change in
        with relations as (
            select distinct schema_name, relation_name from pii_lint_readers
        ),

        schemas as (
            select schema_name, count(*) as relations from relations group by schema_name
        ),

        -- who should hold what: `right_on` is how grant and revoke call the thing
        wanted as (
            select format('usage on schema %I', schema_name) as right_on, '' as later_in, role
            from pii_lint_readers
            where role is not null
            union
            select format('select on %I.%I', schema_name, relation_name), '', role
            from pii_lint_readers
            where role is not null and to_regclass(format('%I.%I', schema_name, relation_name)) is not null
            union
            select 'select on tables', schema_name, role
            from pii_lint_readers inner join schemas using (schema_name)
            where role is not null
            group by schema_name, role, relations
            having count(distinct relation_name) = relations
        ),

        lists as (
            select format('usage on schema %I', nspname) as right_on, '' as later_in, 'USAGE' as privilege, nspowner as owner, nspacl as list
            from pg_namespace inner join schemas on nspname = schema_name
            union all
            select format('select on %I.%I', nspname, relname), '', 'SELECT', relowner, relacl
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            inner join schemas on nspname = schema_name
            where relkind in ('r', 'p', 'v', 'm', 'f')
            union all
            select 'select on tables', nspname, 'SELECT', defaclrole, defaclacl
            from pg_default_acl
            inner join pg_namespace on defaclnamespace = pg_namespace.oid
            inner join schemas on nspname = schema_name
            where defaclobjtype = 'r' and defaclrole = (select oid from pg_roles where rolname = current_user)
        ),

        held as (
            select right_on, later_in, case when grantee = 0 then 'public' else pg_get_userbyid(grantee) end as role
            from lists cross join lateral aclexplode(list)
            where privilege_type = privilege and grantee <> owner and pg_has_role(owner, 'usage')
        ),

        changes as (
            select 'revoke' as verb, 'from' as preposition, * from (select * from held except select * from wanted) as surplus
            union all
            select 'grant', 'to', * from (select * from wanted except select * from held) as lacking
        )

        select
            case when later_in <> '' then format('alter default privileges in schema %I ', later_in) else '' end
            || format('%s %s %s %s', verb, right_on, preposition, case when role = 'public' then role else quote_ident(role) end)
        from changes
        order by 1
    loop
        execute change;
    end loop;
    drop table pii_lint_readers;
end
$apply$
    {%- endif -%}
{%- endmacro %}

{#
    A singular test of what really stands there: no value of a tagged source column, and none under a
    personal key of a tagged JSON document, stands in a text column of a safe mart. It knows nothing of
    lineage and reads no SQL, so it doesn't err where `pii-lint check` errs.

    A value counts as found where the mart's text is or contains it; a short one has to stand there as a
    whole word, and inside a hash nothing is looked for. The registry skips kinds whose values are too few
    or too short to prove anything; the compiled test lists them with the reason. Each row of the result
    names columns, never a value. It fails as well where it would prove nothing: a tagged source is empty,
    or a safe mart is missing.

    `marts` names every safe mart, for dbt has to build them before it runs the test; a safe mart that
    isn't named fails the test.
#}
{% macro assert_no_pii_in_marts(marts) -%}
{%- for mart in marts -%}{%- do ref(mart) -%}{%- endfor -%}

{%- set text = pii_lint.text_type() -%}
{%- set whole_word_below = 8 -%}
{%- set personal, skipped, raw_tables, mart_columns, problems = [], [], [], [], [] -%}

{%- if execute -%}
    {%- set registry = pii_lint.pii_registry() -%}
    {#- A kind that the registry doesn't know is looked for all the same. -#}
    {%- set unknown_kind = {'scan': true, 'min_length': 5} -%}

    {%- for source in graph.sources.values() -%}
        {%- set tagged = pii_lint.pii_columns(source) -%}
        {%- if tagged -%}{%- do raw_tables.append([source.name, source.relation_name]) -%}{%- endif -%}
        {%- for column in tagged -%}
            {%- set place = source.name ~ '.' ~ column.name -%}
            {%- set kinds = {} -%}
            {%- for key in column.json_keys -%}{%- do kinds.update({key: registry.json_keys.get(key)}) -%}
            {%- else -%}{%- do kinds.update({none: registry.aliases.get(column.kind, column.kind)}) -%}
            {%- endfor -%}
            {%- set lengths = {} -%}
            {%- for key, kind in kinds.items() -%}
                {%- set known = registry.kinds.get(kind, unknown_kind) -%}
                {%- if known.scan -%}
                    {%- do lengths.update({key: known.min_length}) -%}
                {%- else -%}
                    {%- do skipped.append([place ~ ('.' ~ key if key else ''), kind, known.skip_reason]) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if lengths -%}{%- do personal.append([place, column.name, source.relation_name, lengths]) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}

    {%- for mart in pii_lint.safe_marts() -%}
        {%- set relation = adapter.get_relation(mart.database, mart.schema, mart.alias) -%}
        {%- if mart.name not in marts -%}
            {%- do problems.append([mart.name, 'this test does not wait for the mart: name it in the test']) -%}
        {%- endif -%}
        {%- if relation is none -%}
            {%- do problems.append([mart.name, 'the mart is not built']) -%}
        {%- else -%}
            {%- for column in adapter.get_columns_in_relation(relation) if pii_lint.is_text_type(column.dtype) -%}
                {%- do mart_columns.append([mart.name, column.name, column.quoted, relation]) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}

    {%- if not raw_tables -%}
        {%- do problems.append(['all', 'no raw column is tagged, so this test would prove nothing']) -%}
    {%- endif -%}
{%- endif -%}

{%- for place, kind, reason in skipped %}
-- skipped: {{ place }} ({{ kind }}): {{ reason }}
{%- endfor %}

with personal_values as (
    {% for place, column, relation, lengths in personal if none in lengths %}
    select distinct
        '{{ place }}' as raw_column,
        lower(trim(cast({{ column }} as {{ text }}))) as personal_value
    from {{ relation }}
    where length(trim(cast({{ column }} as {{ text }}))) >= {{ lengths[none] }}
    union all
    {% endfor %}
    {% for place, column, relation, lengths in personal if none not in lengths %}
    select distinct
        '{{ place }}.' || json_key as raw_column,
        lower(trim(value)) as personal_value
    from (
        {{ pii_lint.json_values_of_keys(relation, column, lengths.keys() | list) }}
    ) as found
    where length(trim(value)) >= case json_key
        {%- for key, length in lengths.items() %} when '{{ key }}' then {{ length }}{% endfor %} end
    union all
    {% endfor %}
    select
        cast(null as {{ text }}) as raw_column,
        cast(null as {{ text }}) as personal_value
    from (select 1 as one) as nothing
    where 1 = 0

),

mart_texts as (
    {% for mart, name, column, relation in mart_columns %}
    select distinct
        '{{ mart }}' as safe_mart,
        '{{ name }}' as mart_column,
        lower(trim(cast({{ column }} as {{ text }}))) as mart_text
    from {{ relation }}
    union all
    {% endfor %}
    select
        cast(null as {{ text }}) as safe_mart,
        cast(null as {{ text }}) as mart_column,
        cast(null as {{ text }}) as mart_text
    from (select 1 as one) as nothing
    where 1 = 0

),

{# `distinct` here has an engine work out the words once a text, not once a comparison. -#}
needles as (

    select distinct
        raw_column,
        personal_value,
        length(personal_value) < {{ whole_word_below }} as is_short,
        {{ pii_lint.as_words('personal_value') }} as personal_words
    from personal_values

),

haystacks as (

    select distinct
        safe_mart,
        mart_column,
        mart_text,
        length(mart_text) = 64 and length(translate(mart_text, '0123456789abcdef', '')) = 0 as is_hash,
        {{ pii_lint.as_words('mart_text') }} as mart_words
    from mart_texts

)

select distinct
    haystacks.safe_mart,
    haystacks.mart_column,
    needles.raw_column,
    'a value of the raw column stands in the mart' as problem
from haystacks
inner join needles
    on haystacks.mart_text = needles.personal_value
    or (
        not haystacks.is_hash
        and case
            when needles.is_short then {{ dbt.position('needles.personal_words', 'haystacks.mart_words') }}
            else {{ dbt.position('needles.personal_value', 'haystacks.mart_text') }}
        end > 0
    )
{%- for name, relation in raw_tables %}
union all
select
    'all' as safe_mart,
    'all' as mart_column,
    '{{ name }}' as raw_column,
    'the tagged raw table is empty, so this test would prove nothing' as problem
from (select 1 as one) as always
where not exists (select 1 from {{ relation }})
{%- endfor %}
{%- for mart, problem in problems %}
union all
select
    '{{ mart }}' as safe_mart,
    'all' as mart_column,
    'all' as raw_column,
    '{{ problem }}' as problem
{%- endfor %}
{%- endmacro %}

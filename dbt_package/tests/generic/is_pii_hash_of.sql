{#
    The column holds hash_pii of another relation's column: a hash of 64 lower-case hex digits where that
    one has a value, null where it has none. A hash that is null for a value means that the salt was gone.
#}
{% test is_pii_hash_of(model, column_name, relation, column, key, model_key) %}

select hashed.{{ model_key }}
from {{ model }} as hashed
inner join {{ relation }} as readable
    on hashed.{{ model_key }} = readable.{{ key }}
where
    (hashed.{{ column_name }} is null and readable.{{ column }} is not null)
    or (hashed.{{ column_name }} is not null and readable.{{ column }} is null)
    or length(hashed.{{ column_name }}) <> 64
    or length(translate(hashed.{{ column_name }}, '0123456789abcdef', '')) <> 0

{% endtest %}

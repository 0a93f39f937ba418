{#
    Snapshots on a Spark that can't merge: dbt takes them on Delta, Iceberg and Hudi alone, which a plain
    Spark lacks. Here the history is written anew beside the old one, then takes its place; where a
    `file_format` that merges is configured, dbt's own way is taken.

    A column that the source got since is null in older versions. A run that breaks off between the two
    renames leaves the history under the name of the backup, where the next run finds it.

    `pii-lint check` takes a materialization that isn't dbt's own for a place without sight, and knows this
    one by its text (pii_lint/data/materializations.yml): whoever changes it has to see that still holds.
#}
{% materialization snapshot, adapter='spark' %}
    {%- if (config.get('file_format') or 'parquet') in ['delta', 'iceberg', 'hudi'] -%}
        {{ return(dbt_spark.materialization_snapshot_spark()) }}
    {%- endif -%}

    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- set target = api.Relation.create(schema=model.schema, identifier=model.alias, type='table') -%}
    {%- set fresh = target.incorporate(path={'identifier': model.alias ~ '__dbt_new'}) -%}
    {%- set backup = target.incorporate(path={'identifier': model.alias ~ '__dbt_backup'}) -%}
    {%- set staging = api.Relation.create(schema=model.schema, identifier=model.alias ~ '__dbt_tmp', type='view') -%}

    {%- if config.get('unique_key') is not string or config.get('strategy') not in ['check', 'timestamp'] or config.get('hard_deletes') == 'new_record'
        or config.get('dbt_valid_to_current') -%}
        {{ exceptions.raise_compiler_error(
            "The snapshot " ~ model.name ~ " asks for what plain Spark doesn't do here: use one unique_key and a strategy"
            ~ " of dbt's, without `hard_deletes: new_record` and `dbt_valid_to_current`, or a `file_format` that merges."
        ) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set exists = load_relation(target) is not none -%}
    {%- if not exists and load_relation(backup) is not none -%}
        {%- do adapter.rename_relation(backup, target) -%}
        {%- set exists = true -%}
    {%- endif -%}
    {%- do adapter.drop_relation(fresh) -%}
    {%- do adapter.drop_relation(backup) if load_relation(backup) is not none -%}

    {%- set strategy = strategy_dispatch(config.get('strategy'))(
        model, 'snapshotted_data', 'source_data', model.config, exists
    ) -%}

    {%- if not exists -%}
        {%- call statement('main') -%}
            {{ create_table_as(False, target, build_snapshot_table(strategy, model.compiled_code)) }}
        {%- endcall -%}
    {%- else -%}
        {%- do adapter.valid_snapshot_target(target, columns) -%}
        {#- a view, so that its columns can be described -#}
        {%- call statement('staging') -%}
            {{ create_view_as(staging, snapshot_staging_table(strategy, sql, target)) }}
        {%- endcall -%}
        {%- set known = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
        {%- set given = adapter.get_columns_in_relation(staging) | map(attribute='name') | list -%}
        {%- set added = given | reject('in', known + ['dbt_change_type', 'dbt_unique_key']) | list -%}
        {%- set valid_to, scd_id = columns.dbt_valid_to, columns.dbt_scd_id -%}
        {%- set history -%}
            select
                {%- for name in known %}
                {% if name == valid_to %}coalesce(kept.`{{ name }}`, closed.`{{ name }}`) as `{{ name }}`
                {%- else %}kept.`{{ name }}`{% endif %}
                {%- if not loop.last %},{% endif -%}
                {%- endfor %}
                {%- for name in added %}, null as `{{ name }}`{% endfor %}
            from {{ target }} as kept
            left join {{ staging }} as closed
                on kept.{{ scd_id }} = closed.{{ scd_id }} and closed.dbt_change_type in ('update', 'delete')
            union all
            select
                {%- for name in known + added %}
                {% if name in given %}`{{ name }}`{% else %}null as `{{ name }}`{% endif %}
                {%- if not loop.last %},{% endif -%}
                {%- endfor %}
            from {{ staging }}
            where dbt_change_type = 'insert'
        {%- endset -%}
        {%- call statement('main') -%}
            {{ create_table_as(False, fresh, history) }}
        {%- endcall -%}
        {%- do adapter.drop_relation(staging) -%}
        {%- do adapter.rename_relation(target, backup) -%}
        {%- do adapter.rename_relation(fresh, target) -%}
        {%- do adapter.drop_relation(backup) -%}
    {%- endif -%}

    {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=False)) -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

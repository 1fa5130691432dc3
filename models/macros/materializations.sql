{#
  Replaces dbt-athena's materializations. `table` makes the candidate of a model as an Iceberg table and leaves the
  published table alone. The others would change a table that people read before its tests ran, so they are refused.
#}
{% materialization table, adapter='athena', supported_languages=['sql'] -%}
    {% set published = this.incorporate(type='table') %}
    {% if config.get('table_type') != 'iceberg' %}
        {% do exceptions.raise_compiler_error(model.name ~ ': table_type must be iceberg; only Iceberg keeps history') %}
    {% endif %}
    {% if modules.re.fullmatch('.+__[0-9a-f]{8}(_r)?', published.identifier) %}
        {% do exceptions.raise_compiler_error(
            model.name ~ ': the name ' ~ published.identifier ~ ' is that of a candidate; give the model another name'
        ) %}
    {% endif %}
    {% set candidate = candidate_of(published, candidate_folder(published)) %}
    {{ run_hooks(pre_hooks) }}
    {% set result = safe_create_table_as(False, candidate, compiled_code, 'sql', config.get('force_batch', False)) %}
    {% set rows = fromjson(result, {}).get('rowcount', none) %}
    {% call noop_statement('main', 'OK', 'OK', rows) %}{{ compiled_code }}{% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(candidate, model) %}
    {{ return({'relations': [candidate]}) }}
{%- endmaterialization %}

{% macro refuse_materialization(kind) -%}
    {% do exceptions.raise_compiler_error(
        model.name ~ ': ' ~ kind ~ ' is not supported, because readers would see it before its tests have run: use '
        ~ 'materialized: table, or ephemeral'
    ) %}
{%- endmacro %}

{% materialization incremental, adapter='athena', supported_languages=['sql', 'python'] -%}
    {% do refuse_materialization('materialized: incremental') %}
    {{ return({'relations': []}) }}
{%- endmaterialization %}

{% materialization view, adapter='athena' -%}
    {% do refuse_materialization('materialized: view') %}
    {{ return({'relations': []}) }}
{%- endmaterialization %}

{% materialization snapshot, adapter='athena' -%}
    {% do refuse_materialization('a snapshot') %}
    {{ return({'relations': []}) }}
{%- endmaterialization %}

{% materialization seed, adapter='athena' -%}
    {% do refuse_materialization('a seed') %}
    {{ return({'relations': []}) }}
{%- endmaterialization %}

{# Replaces dbt-athena's: all tables are Iceberg, also those of unit tests, which have no configuration of their own. #}
{% macro resolve_table_type() -%}
    {{ return('iceberg') }}
{%- endmacro %}

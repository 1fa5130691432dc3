{# dbt's default would prefix the target's schema: a zone's database has one name, whoever runs dbt. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

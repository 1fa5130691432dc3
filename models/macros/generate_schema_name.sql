{# dbt's default adds the target's schema as a prefix; here the database of a zone has the same name for all users. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

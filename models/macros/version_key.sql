{# Surrogate key of one version: the same however often and in whatever order the change log was delivered. #}
{% macro version_key(key) -%}
    {{ dbt.hash("cast(" ~ key ~ " as varchar) || '/' || change_seq") }}
{%- endmacro %}

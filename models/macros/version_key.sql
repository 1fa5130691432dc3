{# Surrogate key of one version; it does not depend on how often and in which order the change log was delivered. #}
{% macro version_key(key) -%}
    {{ dbt.hash("cast(" ~ key ~ " as varchar) || '/' || change_seq") }}
{%- endmacro %}

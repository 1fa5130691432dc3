{# Since always: where a version starts whose start nobody knows. #}
{% macro beginning() -%}
    timestamp '1900-01-01 00:00:00.000000'
{%- endmacro %}

{# Start of a version whose real start is unknown. #}
{% macro beginning() -%}
    timestamp '1900-01-01 00:00:00.000000'
{%- endmacro %}

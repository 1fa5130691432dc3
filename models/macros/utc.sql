{# An instant as UTC timestamp(6): Athena makes no Iceberg column of a `timestamp with time zone`, nor of another precision. #}
{% macro utc(instant) -%}
    cast({{ instant }} at time zone 'UTC' as timestamp(6))
{%- endmacro %}

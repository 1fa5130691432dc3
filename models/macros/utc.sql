{# An instant as UTC timestamp(6), because Athena creates Iceberg columns neither of `timestamp with time zone` nor of
   another precision. #}
{% macro utc(instant) -%}
    cast({{ instant }} at time zone 'UTC' as timestamp(6))
{%- endmacro %}

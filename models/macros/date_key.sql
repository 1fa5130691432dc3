{# Key of a day in dim_date. #}
{% macro date_key(day) -%}
    cast(date_format({{ day }}, '%Y%m%d') as integer)
{%- endmacro %}

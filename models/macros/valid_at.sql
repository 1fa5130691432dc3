{#
  Whether a version of an entity was valid at an instant. What is known of the entity by its own key existed then, even
  if the source says that it was created later: its first version stands for that time too.
#}
{% macro valid_at(version, instant) -%}
    ({{ version }}.valid_from <= {{ instant }} or {{ version }}.version = 1)
    and ({{ version }}.valid_to > {{ instant }} or {{ version }}.valid_to is null)
{%- endmacro %}

{#
  Condition that a version of an entity was valid at an instant. A row that refers to an entity proves that the entity
  existed then, even if the source has a later creation time. So the first version is valid before its start, too.
#}
{% macro valid_at(version, instant) -%}
    ({{ version }}.valid_from <= {{ instant }} or {{ version }}.version = 1)
    and ({{ version }}.valid_to > {{ instant }} or {{ version }}.valid_to is null)
{%- endmacro %}

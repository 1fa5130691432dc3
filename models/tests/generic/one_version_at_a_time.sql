{# A version of a key ends after its start and not after the start of the next one; only the last may have no end. #}
{% test one_version_at_a_time(model, column_name) %}
select {{ column_name }}, valid_from, valid_to, next_from
from (
    select *, lead(valid_from) over (partition by {{ column_name }} order by valid_from) as next_from
    from {{ model }}
) as versions
where valid_to <= valid_from or (next_from is not null and (valid_to is null or valid_to > next_from))
{% endtest %}

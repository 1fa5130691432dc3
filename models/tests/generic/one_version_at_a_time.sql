{# Versions of a key end after they begin and before the next begins, and only the last may be open. #}
{% test one_version_at_a_time(model, column_name) %}
select {{ column_name }}, valid_from, valid_to, next_from
from (
    select *, lead(valid_from) over (partition by {{ column_name }} order by valid_from) as next_from
    from {{ model }}
) as versions
where valid_to <= valid_from or (next_from is not null and (valid_to is null or valid_to > next_from))
{% endtest %}

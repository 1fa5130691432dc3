{# The history read from raw ends where integration stands: one current version for each live key, with its values. #}
{% test current_versions_are_the_state(model, state, columns) %}
with current_versions as (
    select {{ columns | join(', ') }} from {{ model }} where is_current
),

state as (
    select {{ columns | join(', ') }} from {{ state }} where not _is_deleted
)

select 'not in integration' as fault, * from (select * from current_versions except select * from state) as extra
union all
select 'not in the history' as fault, * from (select * from state except select * from current_versions) as missing
{% endtest %}

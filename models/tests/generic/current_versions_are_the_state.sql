{# The current versions of the history equal integration: one version for each live key, with the same values. #}
{% test current_versions_are_the_state(model, state, columns) %}
with current_versions as (
    select {{ columns | join(', ') }} from {{ model }} where is_current
),

state as (
    select {{ columns | join(', ') }} from {{ state }} where not _is_deleted
)

select 'not in integration' as difference, * from (select * from current_versions except select * from state) as extra
union all
select 'not in the history' as difference, * from (select * from state except select * from current_versions) as missing
{% endtest %}

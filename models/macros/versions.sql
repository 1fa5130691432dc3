{#
  All versions of each entity, from the change log in raw (docs/decisions/080-history-from-the-change-log.md).

  changes     relation of the dataset in raw
  key         its key column
  attributes  columns whose change makes a new version
  born        column with the creation time of the entity; none if the source has no such column
#}
{% macro versions(changes, key, attributes, born=none) -%}
with deliveries as (
    -- A change may be delivered several times, and a full load may be repeated; the latest delivery counts.
    -- Only batches that are in integration count: not those that a gate blocks or a rollback undid.
    select
        {{ key }},
        {{ attributes | join(', ') }},
        {{ utc(born) if born else 'cast(null as timestamp(6))' }} as born_at,
        {{ utc('_commit_ts') }} as committed_at,
        _op = 'D' as is_deleted,
        coalesce(_change_seq, '') as change_seq,
        row_number() over (
            partition by {{ key }}, coalesce(_change_seq, '')
            order by _commit_ts desc, _op = 'D' desc, _batch_id desc, _source_file desc, _source_row desc
        ) as delivery
    from {{ changes }}
    where _errors is null
        and _batch_id in (
            select batch_id
            from {{ source('ops', 'batches') }}
            where move = 'raw_to_integration' and state <> 'failed' and coalesce(gate, 'PASS') = 'PASS'
            group by batch_id
            having max_by(state, finished_at) = 'succeeded'
        )
),

changes as (
    -- A full-load row has no sequence, so it sorts first, and its commit time is only the time of the copy. It is valid
    -- from the creation of its entity, or from the beginning. A first change is valid from the creation of its entity,
    -- too, if that is before its commit.
    select
        *,
        case
            when row_number() over (partition by {{ key }} order by change_seq) > 1 then committed_at
            when change_seq = '' then least(coalesce(born_at, {{ beginning() }}), committed_at)
            else least(coalesce(born_at, committed_at), committed_at)
        end as started_at
    from deliveries
    where delivery = 1
),

moments as (
    -- If a clock was set back, two versions must not be valid at once: start times never decrease within a key.
    select
        *,
        max(started_at) over (partition by {{ key }} order by change_seq rows unbounded preceding) as valid_from
    from changes
),

states as (
    -- Of several changes at the same time (in one transaction), only the last was visible.
    select *, lead(valid_from) over (partition by {{ key }} order by change_seq) as next_from
    from moments
),

visible as (
    select *, row({{ attributes | join(', ') }}, is_deleted) as content
    from states
    where next_from is null or next_from > valid_from
),

compared as (
    select
        *,
        row_number() over (partition by {{ key }} order by change_seq) = 1
        or content is distinct from lag(content) over (partition by {{ key }} order by change_seq) as is_new
    from visible
),

versions as (
    select *, lead(valid_from) over (partition by {{ key }} order by change_seq) as valid_to
    from compared
    where is_new
)

select
    {{ key }},
    {{ attributes | join(',\n    ') }},
    change_seq,
    row_number() over (partition by {{ key }} order by change_seq) as version,
    valid_from,
    valid_to,
    valid_to is null as is_current
from versions
where not is_deleted
{%- endmacro %}

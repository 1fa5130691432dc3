{#
  Every version that an entity ever had, from the change log in raw (docs/decisions/080-history-from-the-change-log.md).

  changes     relation of the dataset in raw
  key         its key column
  attributes  columns whose change makes a version
  born        column that says when the entity was created; none if the source does not tell
#}
{% macro versions(changes, key, attributes, born=none) -%}
with deliveries as (
    -- A change may be delivered many times, and a full load be repeated: its latest delivery stands for it.
    -- Only what passed the gate to integration counts.
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
            where move = 'raw_to_integration' and state = 'succeeded'
        )
),

changes as (
    -- A full-load row has no sequence, so it sorts first, and its commit is only the time at which it was copied: it is
    -- valid since its entity was created, or since always. So is a first change whose entity is older than its commit.
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
    -- A clock that was set back must not make two versions valid at once: time never runs backwards within a key.
    select
        *,
        max(started_at) over (partition by {{ key }} order by change_seq rows unbounded preceding) as valid_from
    from changes
),

states as (
    -- Of several changes at one moment (one transaction) only the last was ever visible.
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

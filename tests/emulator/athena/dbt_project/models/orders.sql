{{ config(materialized="table", partitioned_by=["month(ordered_at)"]) }}
select
    cast(n as bigint) as order_id,
    case n % 3 when 0 then 'de' when 1 then 'fr' else 'se' end as country,
    cast(n as decimal(10, 2)) / 4 as amount,
    {{ cast_timestamp("date_add('day', n, timestamp '2024-01-01 08:00:00')") }} as ordered_at
from unnest(sequence(1, {{ var("orders", 30) }})) as t (n)

{{ config(materialized="view") }}
select o.order_id, c.name as country, {{ dbt.datediff("c.joined", "o.ordered_at", "day") }} as days
from {{ ref("orders") }} as o
join {{ ref("countries") }} as c on c.code = o.country

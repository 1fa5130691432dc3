-- The sums of the mart equal those of the sales in the fact: a join must not lose a line or count it twice.
with mart as (
    select coalesce(sum(orders), 0) as orders, sum(items) as items, sum(gross_revenue) as gross, sum(net_revenue) as net
    from {{ ref('sales_by_region_month') }}
),

fact as (
    select
        count(distinct order_id) as orders,
        sum(quantity) as items,
        sum(gross_amount) as gross,
        sum(net_amount) as net
    from {{ ref('fct_order_items') }}
    where status not in ('{{ var("statuses_without_revenue") | join("', '") }}')
)

select 'mart' as side, * from (select * from mart except select * from fact) as difference
union all
select 'fact' as side, * from (select * from fact except select * from mart) as difference

select
    coalesce(customers.region, 'unknown') as region,
    cast(date_trunc('month', sales.ordered_at) as date) as month,
    count(distinct sales.order_id) as orders,
    cast(sum(sales.quantity) as bigint) as items,
    sum(sales.gross_amount) as gross_revenue,
    sum(sales.discount_amount) as discounts,
    sum(sales.net_amount) as net_revenue,
    count(distinct sales.customer_id) as customers
from {{ ref('fct_order_items') }} as sales
left join {{ ref('dim_customer') }} as customers
    on customers.customer_id = sales.customer_id and customers.is_current
where sales.status not in ('{{ var("statuses_without_revenue") | join("', '") }}')
group by 1, 2

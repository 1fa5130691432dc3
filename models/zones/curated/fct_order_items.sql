{{ config(partitioned_by=['month(ordered_at)']) }}

with lines as (
    select
        items.order_id,
        items.line_number,
        orders.customer_id,
        items.product_id,
        {{ utc('orders.ordered_at') }} as ordered_at,
        orders.status,
        orders.channel,
        items.quantity,
        items.unit_price,
        cast(coalesce(items.discount, 0) as decimal(4, 2)) as discount
    from {{ source('integration', 'order_items') }} as items
    join {{ source('integration', 'orders') }} as orders
        on orders.order_id = items.order_id and not orders._is_deleted
    where not items._is_deleted
),

amounts as (
    select
        *,
        cast(quantity * unit_price as decimal(20, 2)) as gross_amount,
        cast(quantity * unit_price * (1 - discount) as decimal(20, 2)) as net_amount
    from lines
)

select
    {{ date_key('amounts.ordered_at') }} as date_key,
    coalesce(customers.customer_key, 'unknown') as customer_key,
    coalesce(products.product_key, 'unknown') as product_key,
    amounts.order_id,
    amounts.line_number,
    amounts.customer_id,
    amounts.product_id,
    amounts.ordered_at,
    amounts.status,
    amounts.channel,
    amounts.quantity,
    amounts.unit_price,
    amounts.discount,
    amounts.gross_amount,
    amounts.gross_amount - amounts.net_amount as discount_amount,
    amounts.net_amount
from amounts
left join {{ ref('dim_customer') }} as customers
    on customers.customer_id = amounts.customer_id and {{ valid_at('customers', 'amounts.ordered_at') }}
left join {{ ref('dim_product') }} as products
    on products.product_id = amounts.product_id and {{ valid_at('products', 'amounts.ordered_at') }}

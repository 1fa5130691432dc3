{{ config(partitioned_by=['month(sold_at)']) }}

with lines as (
    select
        invoice_no,
        stock_code,
        description,
        customer_id,
        country,
        {{ utc('sold_at') }} as sold_at,
        quantity,
        unit_price
    from {{ source('integration', 'store_sales') }}
)

select
    {{ date_key('lines.sold_at') }} as date_key,
    coalesce(customers.customer_key, 'unknown') as customer_key,
    coalesce(products.product_key, 'unknown') as product_key,
    lines.invoice_no,
    lines.stock_code,
    lines.description,
    lines.customer_id,
    lines.country,
    lines.sold_at,
    lines.invoice_no like 'C%' as is_cancellation,
    lines.quantity,
    lines.unit_price,
    cast(lines.quantity * lines.unit_price as decimal(20, 3)) as amount
from lines
left join {{ ref('dim_customer') }} as customers
    on customers.customer_id = lines.customer_id and {{ valid_at('customers', 'lines.sold_at') }}
left join {{ ref('dim_product') }} as products
    -- A code may be reused for another product, so here a first version is not valid before its known start.
    on products.sku = lines.stock_code
    and products.valid_from <= lines.sold_at
    and (products.valid_to > lines.sold_at or products.valid_to is null)

select
    {{ version_key('product_id') }} as product_key,
    product_id,
    sku,
    name,
    category,
    unit_price,
    active,
    version,
    valid_from,
    valid_to,
    is_current
from {{ ref('int_product_versions') }}

union all

select 'unknown', -1, 'unknown', 'unknown', 'unknown', null, null, 1, {{ beginning() }}, null, true

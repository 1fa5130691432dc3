select
    {{ version_key('customer_id') }} as customer_key,
    customer_id,
    country,
    region,
    segment,
    version,
    valid_from,
    valid_to,
    is_current
from {{ ref('int_customer_versions') }}

union all

select 'unknown', -1, 'unknown', 'unknown', 'unknown', 1, {{ beginning() }}, null, true

-- Finds live lines that the fact lacks. A line that arrives before its order is missing until the next run.
{{ config(severity='warn') }}

select order_id, line_number
from {{ source('integration', 'order_items') }}
where not _is_deleted

except

select order_id, line_number
from {{ ref('fct_order_items') }}

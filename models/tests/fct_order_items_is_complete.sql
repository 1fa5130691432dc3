-- Every live line is in the fact. A line may arrive a little before its order: it is missing until the next run.
{{ config(severity='warn') }}

select order_id, line_number
from {{ source('integration', 'order_items') }}
where not _is_deleted

except

select order_id, line_number
from {{ ref('fct_order_items') }}

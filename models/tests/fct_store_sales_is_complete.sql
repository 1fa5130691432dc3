-- Compares the number of lines in the fact and in integration: a join must not lose a line or count it twice.
select integration_rows, fact_rows
from (select count(*) as integration_rows from {{ source('integration', 'store_sales') }}) as integration
cross join (select count(*) as fact_rows from {{ ref('fct_store_sales') }}) as fact
where integration_rows <> fact_rows

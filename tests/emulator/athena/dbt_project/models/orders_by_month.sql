{{ config(materialized="incremental", table_type="hive", incremental_strategy="insert_overwrite",
          partitioned_by=["month"], format="parquet") }}
select country, count(*) as orders, sum(amount) as amount, date_format(ordered_at, '%Y-%m') as month
from {{ ref("orders") }}
group by country, date_format(ordered_at, '%Y-%m')

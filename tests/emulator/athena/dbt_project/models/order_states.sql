{{ config(materialized="incremental", incremental_strategy="merge", unique_key="order_id",
          on_schema_change="append_new_columns") }}
select order_id, country, amount * {{ var("factor", 1) }} as amount
{% if var("with_note", false) %}, 'noted' as note{% endif %}
from {{ ref("orders") }}
{% if is_incremental() %} where order_id > 20 {% endif %}

{{ config(materialized="incremental", incremental_strategy="append") }}
select order_id, {{ cast_timestamp("current_timestamp") }} as seen_at from {{ ref("orders") }} where order_id <= 5

{% snapshot order_history %}
{{ config(target_schema="throwaway", unique_key="order_id", strategy="check", check_cols=["amount"],
          table_type="iceberg", invalidate_hard_deletes=True) }}
select order_id, amount from {{ ref("order_states") }}
{% endsnapshot %}

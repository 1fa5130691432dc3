-- SQL that MetricFlow 0.213.0 writes with `mf query --explain` (dbt-metricflow 0.15.0); docs/metrics.md says how.

-- net_revenue by metric_time__month, current_customer__region
SELECT
  metric_time__month
  , current_customer__region
  , SUM(net_revenue) AS net_revenue
FROM (
  SELECT
    subq_1.metric_time__month AS metric_time__month
    , subq_1.order_line__is_sale AS order_line__is_sale
    , subq_3.region AS current_customer__region
    , subq_1.__net_revenue AS net_revenue
  FROM (
    SELECT
      DATE_TRUNC('month', ordered_at) AS metric_time__month
      , customer_id AS current_customer
      , status not in ('cancelled', 'returned') AS order_line__is_sale
      , net_amount AS __net_revenue
    FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_order_items" order_items_src_10000
  ) subq_1
  LEFT OUTER JOIN (
    SELECT
      case when is_current then customer_id end AS current_customer
      , region
    FROM "awsdatacatalog"."lakehouse_dev_curated"."dim_customer" customers_src_10000
  ) subq_3
  ON
    subq_1.current_customer = subq_3.current_customer
) subq_5
WHERE order_line__is_sale
GROUP BY
  metric_time__month
  , current_customer__region;

-- orders by metric_time__month, current_customer__region
SELECT
  metric_time__month
  , current_customer__region
  , COUNT(DISTINCT orders) AS orders
FROM (
  SELECT
    subq_1.metric_time__month AS metric_time__month
    , subq_1.order_line__is_sale AS order_line__is_sale
    , subq_3.region AS current_customer__region
    , subq_1.__orders AS orders
  FROM (
    SELECT
      DATE_TRUNC('month', ordered_at) AS metric_time__month
      , customer_id AS current_customer
      , status not in ('cancelled', 'returned') AS order_line__is_sale
      , order_id AS __orders
    FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_order_items" order_items_src_10000
  ) subq_1
  LEFT OUTER JOIN (
    SELECT
      case when is_current then customer_id end AS current_customer
      , region
    FROM "awsdatacatalog"."lakehouse_dev_curated"."dim_customer" customers_src_10000
  ) subq_3
  ON
    subq_1.current_customer = subq_3.current_customer
) subq_5
WHERE order_line__is_sale
GROUP BY
  metric_time__month
  , current_customer__region;

-- average_order_value by metric_time__month, current_customer__region
SELECT
  metric_time__month
  , current_customer__region
  , CAST(net_revenue AS DOUBLE) / CAST(NULLIF(orders, 0) AS DOUBLE) AS average_order_value
FROM (
  SELECT
    metric_time__month
    , current_customer__region
    , SUM(net_revenue) AS net_revenue
    , COUNT(DISTINCT orders) AS orders
  FROM (
    SELECT
      subq_1.metric_time__month AS metric_time__month
      , subq_1.order_line__is_sale AS order_line__is_sale
      , subq_3.region AS current_customer__region
      , subq_1.__net_revenue AS net_revenue
      , subq_1.__orders AS orders
    FROM (
      SELECT
        DATE_TRUNC('month', ordered_at) AS metric_time__month
        , customer_id AS current_customer
        , status not in ('cancelled', 'returned') AS order_line__is_sale
        , net_amount AS __net_revenue
        , order_id AS __orders
      FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_order_items" order_items_src_10000
    ) subq_1
    LEFT OUTER JOIN (
      SELECT
        case when is_current then customer_id end AS current_customer
        , region
      FROM "awsdatacatalog"."lakehouse_dev_curated"."dim_customer" customers_src_10000
    ) subq_3
    ON
      subq_1.current_customer = subq_3.current_customer
  ) subq_5
  WHERE order_line__is_sale
  GROUP BY
    metric_time__month
    , current_customer__region
) subq_9;

-- total_revenue by metric_time__month
SELECT
  metric_time__month
  , coalesce(net_revenue, 0) + coalesce(store_revenue, 0) AS total_revenue
FROM (
  SELECT
    COALESCE(subq_6.metric_time__month, subq_12.metric_time__month) AS metric_time__month
    , MAX(subq_6.net_revenue) AS net_revenue
    , MAX(subq_12.store_revenue) AS store_revenue
  FROM (
    SELECT
      metric_time__month
      , SUM(net_revenue) AS net_revenue
    FROM (
      SELECT
        DATE_TRUNC('month', ordered_at) AS metric_time__month
        , status not in ('cancelled', 'returned') AS order_line__is_sale
        , net_amount AS net_revenue
      FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_order_items" order_items_src_10000
    ) subq_2
    WHERE order_line__is_sale
    GROUP BY
      metric_time__month
  ) subq_6
  FULL OUTER JOIN (
    SELECT
      DATE_TRUNC('month', sold_at) AS metric_time__month
      , SUM(amount) AS store_revenue
    FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_store_sales" store_sales_src_10000
    GROUP BY
      DATE_TRUNC('month', sold_at)
  ) subq_12
  ON
    subq_6.metric_time__month = subq_12.metric_time__month
  GROUP BY
    COALESCE(subq_6.metric_time__month, subq_12.metric_time__month)
) subq_13;

-- buyers where order_line__channel = 'a''b'
SELECT
  COUNT(DISTINCT buyers) AS buyers
FROM (
  SELECT
    channel AS order_line__channel
    , status not in ('cancelled', 'returned') AS order_line__is_sale
    , customer_id AS buyers
  FROM "awsdatacatalog"."lakehouse_dev_curated"."fct_order_items" order_items_src_10000
) subq_2
WHERE (order_line__is_sale) AND (order_line__channel = 'a''b');

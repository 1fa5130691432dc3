-- Sales by region and month, newest first
SELECT *
FROM $curated.sales_by_region_month
ORDER BY month DESC, net_revenue DESC
LIMIT 100

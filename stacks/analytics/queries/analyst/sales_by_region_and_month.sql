-- Web shop: orders, customers and revenue by region and month, newest first
SELECT month, region, orders, customers, items, net_revenue
FROM $curated.sales_by_region_month
ORDER BY month DESC, net_revenue DESC
LIMIT 100

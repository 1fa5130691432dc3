-- Till records that the contract refuses, with every reason and the original text, newest first
SELECT sales._ingested_at, sales._source_file, sales._source_row, rejection.column_name, rejection.reason, sales._record
FROM $raw.store_sales AS sales
CROSS JOIN UNNEST(sales._errors) AS rejection (column_name, reason)
ORDER BY sales._ingested_at DESC, sales._source_file, sales._source_row
LIMIT 100

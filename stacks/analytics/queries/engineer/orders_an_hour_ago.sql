-- Time travel: orders by status now and an hour ago (fails while the table is younger than that)
SELECT status, count_if(is_now) AS orders_now, count_if(NOT is_now) AS orders_an_hour_ago
FROM (
    SELECT status, TRUE AS is_now FROM $integration.orders WHERE NOT _is_deleted
    UNION ALL
    SELECT status, FALSE AS is_now
    FROM $integration.orders FOR TIMESTAMP AS OF (current_timestamp - INTERVAL '1' HOUR)
    WHERE NOT _is_deleted
)
GROUP BY status
ORDER BY status

-- Records that each batch brought, and what became of them, newest first
SELECT finished_at, dataset, batch_id, objects, received, accepted, rejected
FROM $ops.batches
WHERE move = 'stage_to_raw' AND state = 'succeeded'
ORDER BY finished_at DESC
LIMIT 100

{{ versions(
    changes=source('raw', 'customers'),
    key='customer_id',
    attributes=['country', 'region', 'segment'],
    born='created_at',
) }}

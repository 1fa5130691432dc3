{{ versions(
    changes=source('raw', 'products'),
    key='product_id',
    attributes=['sku', 'name', 'category', 'unit_price', 'active'],
) }}

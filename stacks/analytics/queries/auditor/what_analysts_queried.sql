-- What analysts queried in the last 30 days: each query, whose text GetQueryExecution has for 45 days, and its tables
SELECT
    eventtime,
    regexp_extract(useridentity.arn, '[^/]+$$') AS person,
    eventname,
    coalesce(
        json_extract_scalar(responseelements, '$$.queryExecutionId'),
        regexp_extract(json_extract_scalar(requestparameters, '$$.tableArn'), ':table/(.+)$$', 1)
    ) AS query_or_table,
    json_extract_scalar(requestparameters, '$$.workGroup') AS workgroup,
    errorcode
FROM $audit.trail
WHERE day >= date_format(current_date - INTERVAL '30' DAY, '%Y/%m/%d')
    AND eventname IN ('StartQueryExecution', 'GetDataAccess')
    AND useridentity.arn LIKE '%:assumed-role/$analyst_role/%'
ORDER BY eventtime DESC
LIMIT 1000

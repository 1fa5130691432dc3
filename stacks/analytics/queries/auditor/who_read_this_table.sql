-- Who read a table in the last 30 days, by Lake Formation's leave or straight from its files; put in the table's name
WITH events AS (
    SELECT
        coalesce(
            json_extract_scalar(additionaleventdata, '$$.lakeFormationPrincipal'),
            useridentity.sessioncontext.sessionissuer.arn,
            useridentity.arn
        ) AS principal,
        eventname,
        eventtime,
        coalesce(
            json_extract_scalar(requestparameters, '$$.tableArn'),
            json_extract_scalar(requestparameters, '$$.bucketName') || '/'
                || json_extract_scalar(requestparameters, '$$.key')
        ) AS what
    FROM $audit.trail
    WHERE day >= date_format(current_date - INTERVAL '30' DAY, '%Y/%m/%d')
        AND eventname IN ('GetDataAccess', 'GetObject')
        AND errorcode IS NULL
)
SELECT principal, eventname, count(*) AS events, min(eventtime) AS first_read, max(eventtime) AS last_read
FROM events
WHERE (what LIKE '%:table/$integration/customers' OR what LIKE '$integration_bucket/sales/customers/%')
    -- Lake Formation's own reads follow a GetDataAccess, which says for whom.
    AND principal NOT LIKE '%:role/$locations_role'
GROUP BY principal, eventname
ORDER BY last_read DESC

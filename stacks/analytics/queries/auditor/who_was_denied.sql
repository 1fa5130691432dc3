-- Who was refused what in the last 30 days, newest first
SELECT
    eventtime,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) AS principal,
    useridentity.arn AS session,
    eventsource,
    eventname,
    errorcode,
    errormessage,
    coalesce(
        json_extract_scalar(requestparameters, '$$.tableArn'),
        json_extract_scalar(requestparameters, '$$.bucketName') || '/'
            || json_extract_scalar(requestparameters, '$$.key'),
        json_extract_scalar(requestparameters, '$$.databaseName') || '.'
            || json_extract_scalar(requestparameters, '$$.name')
    ) AS what,
    sourceipaddress
FROM $audit.trail
WHERE day >= date_format(current_date - INTERVAL '30' DAY, '%Y/%m/%d')
    AND (errorcode LIKE '%AccessDenied%' OR errorcode LIKE '%Unauthorized%')
ORDER BY eventtime DESC
LIMIT 1000

"""CloudTrail's log as a table of Athena, a partition a day that is computed and never registered.

Source: Athena user guide, "Create the table for CloudTrail logs in Athena using partition projection".
"""

from aws_cdk import aws_glue as glue

NAME = "trail"
_IDENTITY = (
    "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,"
    "username:string,sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,"
    "sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>>>"
)
COLUMNS = {
    "eventversion": "string",
    "useridentity": _IDENTITY,
    "eventtime": "string",
    "eventsource": "string",
    "eventname": "string",
    "awsregion": "string",
    "sourceipaddress": "string",
    "useragent": "string",
    "errorcode": "string",
    "errormessage": "string",
    "requestparameters": "string",
    "responseelements": "string",
    "additionaleventdata": "string",
    "requestid": "string",
    "eventid": "string",
    "readonly": "string",
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    "eventtype": "string",
    "recipientaccountid": "string",
    "sharedeventid": "string",
    "vpcendpointid": "string",
    "eventcategory": "string",
}


def trail_table(location: str, *, days: int) -> glue.CfnTable.TableInputProperty:
    """The table.

    Args:
        location: S3 URI of the log files' folder of years, with a final `/`.
        days: how far back there are log files.
    """
    table = glue.CfnTable
    return table.TableInputProperty(
        name=NAME,
        description="CloudTrail's log: one row an event, by day (UTC)",
        table_type="EXTERNAL_TABLE",
        parameters={
            "EXTERNAL": "TRUE",
            "projection.enabled": "true",
            "projection.day.type": "date",
            "projection.day.format": "yyyy/MM/dd",
            "projection.day.interval": "1",
            "projection.day.interval.unit": "DAYS",
            "projection.day.range": f"NOW-{days}DAYS,NOW",
            "storage.location.template": f"{location}${{day}}",
        },
        partition_keys=[table.ColumnProperty(name="day", type="string")],
        storage_descriptor=table.StorageDescriptorProperty(
            location=location,
            columns=[table.ColumnProperty(name=name, type=type_) for name, type_ in COLUMNS.items()],
            input_format="com.amazon.emr.cloudtrail.CloudTrailInputFormat",
            output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            serde_info=table.SerdeInfoProperty(serialization_library="org.apache.hive.hcatalog.data.JsonSerDe"),
        ),
    )

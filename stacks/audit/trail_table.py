"""The CloudTrail log as an Athena table, with one partition for each day, by partition projection.

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
    """Return the definition of the table.

    Args:
        location: S3 URI of the folder with one folder for each year; ends with `/`.
        days: how many days log files are kept.
    """
    return glue.CfnTable.TableInputProperty(
        name=NAME,
        description="The log of CloudTrail: one row for each event, by day (UTC)",
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
        partition_keys=[glue.CfnTable.ColumnProperty(name="day", type="string")],
        storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
            location=location,
            columns=[glue.CfnTable.ColumnProperty(name=name, type=type_) for name, type_ in COLUMNS.items()],
            input_format="com.amazon.emr.cloudtrail.CloudTrailInputFormat",
            output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library="org.apache.hive.hcatalog.data.JsonSerDe"),
        ),
    )

"""Partitions of Hive tables: the operation that ministack lacks."""

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime.plugin import Json
from emulator.services.glue.store import change


def batch_delete_partition(request: Json) -> Json:
    key = f"{request['DatabaseName'].lower()}/{request['TableName'].lower()}"
    wanted = [partition["Values"] for partition in request["PartitionsToDelete"]]
    with change():
        known = glue._partitions.get(key, [])
        missing = [values for values in wanted if all(partition.get("Values") != values for partition in known)]
        glue._partitions[key] = [partition for partition in known if partition.get("Values") not in wanted]
    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found."}
    return {"Errors": [{"PartitionValues": values, "ErrorDetail": detail} for values in missing]}

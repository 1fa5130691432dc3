"""List all files that any retained state of a table refers to.

Source: Iceberg spec, "Table Metadata".
"""

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table


def reachable(table: Table) -> set[str]:
    """Return the URIs of the metadata, statistics, manifest, data and delete files of all retained snapshots."""
    metadata = table.metadata
    files = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    files |= {statistics.statistics_path for statistics in metadata.statistics}
    files |= {statistics.statistics_path for statistics in metadata.partition_statistics}
    manifests: dict[str, ManifestFile] = {}
    for snapshot in metadata.snapshots:
        files.add(snapshot.manifest_list)
        manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        files.add(path)
        files |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    return files

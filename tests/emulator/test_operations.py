"""Every operation that a plug-in registers is an operation of the service, by the name in botocore's model."""

import json
import subprocess
import sys
from pathlib import Path

import botocore.session
from botocore import xform_name

# The plug-ins can be imported in a server process only; this one has the variables of a server that does not start.
REGISTERED = """
import json, os, sys
from pathlib import Path
from emulator.runtime.environment import server_environment
os.environ.update(server_environment(Path(sys.argv[1]), port=1, account="000000000000", region="eu-central-1"))
from emulator.runtime import dispatch
from emulator.services import register_all
register_all()
print(json.dumps({service: sorted(table) for service, table in dispatch._operations.items()}))
"""


def test_registered_names_are_operations_of_the_service(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REGISTERED, str(tmp_path)]
    repository = Path(__file__).parents[2]
    finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    registered: dict[str, list[str]] = json.loads(finished.stdout.splitlines()[-1])
    assert registered.keys() == {"athena", "codebuild", "dms", "glue", "kinesis", "lakeformation"}
    session = botocore.session.get_session()
    for service, names in registered.items():
        model = session.get_service_model(service)
        assert set(names) <= {xform_name(operation) for operation in model.operation_names}, service
    assert {service: len(names) for service, names in registered.items()} == {
        "athena": 13,
        "codebuild": 2,
        "dms": 32,
        "glue": 55,
        "kinesis": 1,
        "lakeformation": 25,
    }

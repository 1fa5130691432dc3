"""Templates as people read them: short, masked where they must be, and different where templates are."""

from typing import Any

import yaml

from reports.difference import difference, markdown
from reports.findings import DEPLOYMENTS
from reports.readable import readable


def plain(**properties: Any) -> Any:
    """Properties of one resource, as they are read."""
    text = readable({"Resources": {"Thing": {"Type": "AWS::S3::Bucket", "Properties": properties}}})
    return yaml.safe_load(text)["Resources"]["Thing"]["Properties"]


def test_references_become_text() -> None:
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", {"Fn::GetAtt": ["Raw", "Name"]}, "/*"]]}
    output = {"Fn::GetStackOutput": {"StackName": "lakehouse-dev-storage", "OutputName": "Key"}}
    assert plain(A=arn, B={"Ref": "Raw"}, C=output, D={"Fn::Sub": "${Raw}-logs"}) == {
        "A": "arn:${AWS::Partition}:s3:::${Raw.Name}/*",
        "B": "${Raw}",
        "C": "${lakehouse-dev-storage:Key}",
        "D": "${Raw}-logs",
    }


def test_a_reference_that_is_lost_is_a_difference() -> None:
    assert plain(A={"Ref": "Raw"}) != plain(A="${Raw}")
    assert plain(A={"Fn::Sub": "${Raw}"}) != plain(A="${Raw}")


def test_json_becomes_structure_and_stays_different_from_structure() -> None:
    definition = {"Fn::Join": ["", ['{"StartAt": "', {"Ref": "First"}, '"}']]}
    assert plain(A=definition, B="[1, 2]", C="[not json", D={"StartAt": "x"}) == {
        "A": {"JSON": {"StartAt": "${First}"}},
        "B": {"JSON": [1, 2]},
        "C": "[not json",
        "D": {"StartAt": "x"},
    }


def test_hashes_of_files_are_masked_and_other_numbers_are_not() -> None:
    key = f"{'0a' * 32}/stage_to_raw.py"
    assert plain(A=key, B="0a" * 16) == {"A": "<hash>/stage_to_raw.py", "B": "0a" * 16}


def test_no_hash_decides_an_order() -> None:
    one, other = (f"{digit * 64}/{name}.py" for digit, name in (("0", "zones"), ("1", "arrivals")))
    later = f"{'2' * 64}/zones.py"
    assert plain(Resource=[one, other]) == plain(Resource=[other, later])
    assert plain(Subnets=["b", "a"]) != plain(Subnets=["a", "b"])


def test_metadata_is_left_out_and_the_type_comes_first() -> None:
    resource = {"Metadata": {"aws:cdk:path": "a/b"}, "DeletionPolicy": "Retain", "Type": "AWS::KMS::Key"}
    text = readable({"Resources": {"Key": resource}, "Parameters": {"BootstrapVersion": {}}})
    assert yaml.safe_load(text) == {"Resources": {"Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain"}}}
    assert text.index("Type") < text.index("DeletionPolicy")


def test_files_that_come_go_and_change_differ() -> None:
    before = {"same": "a\n", "gone": "b\n", "changed": "c\nd\n"}
    now = {"same": "a\n", "come": "e\n", "changed": "c\nD\n"}
    assert difference(before, now) == {
        "changed": ["@@", " c", "-d", "+D"],
        "come": ["@@", "+e"],
        "gone": ["@@", "-b"],
    }


def test_a_difference_names_its_resource() -> None:
    lines = [
        "Resources:",
        "  Key:",
        "    Type: AWS::KMS::Key",
        "  Raw:",
        "    Type: AWS::S3::Bucket",
        "    A: 1",
        "    B: 2",
    ]
    [found] = difference({"file": "\n".join(lines)}, {"file": "\n".join([*lines[:6], "    B: 3"])}).values()
    assert found == ["@@ Raw @@", "     Type: AWS::S3::Bucket", "     A: 1", "-    B: 2", "+    B: 3"]


def test_a_change_in_every_deployment_is_shown_once() -> None:
    found = {}
    for deployment in DEPLOYMENTS:
        environment = deployment.partition("-")[0]
        found[f"{deployment}/lakehouse-{environment}-storage.yaml"] = [f"+name: lakehouse-{environment}-raw"]
    found["dev-minimal/lakehouse-dev-network.yaml"] = ["-a: 1"]
    text = markdown(found)
    assert text.startswith("**Templates** that differ: 2\n")
    assert "<summary>lakehouse-ENV-storage (everywhere)</summary>\n\n```diff\n+name: lakehouse-ENV-raw\n```" in text
    assert "<summary>lakehouse-ENV-network (dev-minimal)</summary>" in text


def test_what_is_too_long_for_a_comment_is_named() -> None:
    found = {"dev-minimal/lakehouse-dev-storage.yaml": ["+x" * 100], "dev-minimal/lakehouse-dev-network.yaml": ["+y"]}
    text = markdown(found, characters=250)
    assert "lakehouse-ENV-storage (dev-minimal): too long for a comment" in text
    assert "+y" in text
    assert markdown({}) == "**Templates** that differ: 0\n"

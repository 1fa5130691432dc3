"""What the jobs run, as CDK assets that keep their file names: pip installs no wheel that has lost its own.

Assets are named after their content, so that a job always points at what was deployed with it: a roll-back brings the
old code back, and an unchanged file is no change.
"""

from pathlib import Path

from aws_cdk import AssetStaging, FileAssetLocation, FileAssetPackaging, Stack
from hatchling.builders.wheel import WheelBuilder


def build_wheel(root: Path) -> Path:
    """Build the wheel of `lakehouse`, third-party requirements in its metadata; equal sources give equal bytes.

    Args:
        root: the repository; the wheel goes to `build/wheel/` in it.
    """
    (wheel,) = WheelBuilder(str(root)).build(directory=str(root / "build" / "wheel"), versions=["standard"])
    return Path(wheel)


def upload(stack: Stack, path: Path) -> FileAssetLocation:
    """Have a deployment of the stack upload a file to the bootstrap bucket as `<hash of its content>/<its name>`."""
    staged = AssetStaging(stack, path.name, source_path=str(path))
    return stack.synthesizer.add_file_asset(
        source_hash=f"{staged.asset_hash}/{path.stem}",
        file_name=staged.relative_staged_path(stack),
        packaging=FileAssetPackaging.FILE,
        display_name=path.name,
    )

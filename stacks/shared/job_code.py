"""Code of the jobs, as CDK assets that keep their file names: pip refuses a wheel without its name.

Assets are named after their content, so a job always refers to the code that was deployed with it. A roll-back restores
the old code, and an unchanged file is no change.
"""

from functools import cache
from pathlib import Path

from aws_cdk import AssetStaging, FileAssetLocation, FileAssetPackaging, Stack
from hatchling.builders.wheel import WheelBuilder


def build_wheel(root: Path) -> Path:
    """Build the wheel of `lakehouse`, with its requirements in the metadata; equal sources give equal bytes.

    Args:
        root: the repository; the wheel goes to `build/wheel/` in it.
    """
    (wheel,) = WheelBuilder(str(root)).build(directory=str(root / "build" / "wheel"), versions=["standard"])
    return Path(wheel)


def upload_wheel(stack: Stack, root: Path) -> FileAssetLocation:
    """Add the wheel of `lakehouse` to the assets of a stack; the stacks of one synthesis share one build."""
    return upload(stack, _built(root))


_built = cache(build_wheel)


def upload(stack: Stack, path: Path) -> FileAssetLocation:
    """Add a file to the assets of a stack; a deployment uploads it to the bootstrap bucket as `CONTENT_HASH/NAME`."""
    staged = AssetStaging(stack, path.name, source_path=str(path))
    return stack.synthesizer.add_file_asset(
        source_hash=f"{staged.asset_hash}/{path.stem}",
        file_name=staged.relative_staged_path(stack),
        packaging=FileAssetPackaging.FILE,
        display_name=path.name,
    )

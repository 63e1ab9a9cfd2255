"""Builds what is measured, and weighs it."""

import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import paths

FUNCTIONS = list(paths.manifest()["functions"])


@dataclass
class Weight:
    """The size of a binary, alone and as Lambda gets it."""

    binary: int
    zipped: int


def cargo(folder: Path, *packages: str) -> None:
    """Builds packages of one workspace with the release profile."""
    named = [argument for package in packages for argument in ("-p", package)]
    subprocess.run(["cargo", "build", "--release", "--locked", *named], cwd=folder, check=True)


def product(*packages: str) -> None:
    """Builds packages of the product; each call links one set of features."""
    cargo(paths.ROOT, *packages)


def floors(*packages: str) -> None:
    """Builds packages of the floors, each alone so that none links another's features, with the product's profile."""
    if profile(paths.FLOORS) != profile(paths.ROOT):
        sys.exit("bench: the release profiles of the product and of the floors differ")
    for package in packages:
        cargo(paths.FLOORS, package)


def profile(folder: Path) -> dict:
    """The release profile of a workspace."""
    return tomllib.loads((folder / "Cargo.toml").read_text())["profile"]["release"]


def weigh(binary: Path) -> Weight:
    """Weighs a binary and its archive at the best compression."""
    archive = paths.work("zip") / f"{binary.name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        out.write(binary, "bootstrap")
    return Weight(binary.stat().st_size, archive.stat().st_size)


def function(name: str) -> Path:
    """Where a function of the product is."""
    return paths.PRODUCT_BINARIES / name


def floor(name: str) -> Path:
    """Where a floor is."""
    return paths.FLOOR_BINARIES / name

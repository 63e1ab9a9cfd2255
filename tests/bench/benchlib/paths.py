"""Where things are."""

import tomllib
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent
FLOORS = BENCH / "floors"
DATA = BENCH / "data"
BASELINE = BENCH / "baseline.json"
REPORT = ROOT / "docs" / "BENCHMARKS.md"
WORK = ROOT / "target" / "bench"
PRODUCT_BINARIES = ROOT / "target" / "release"
FLOOR_BINARIES = ROOT / "target" / "floors" / "release"


def manifest() -> dict:
    """The functions and queues of the deployment, by name."""
    return tomllib.loads((ROOT / "infra" / "functions.toml").read_text())


def work(name: str) -> Path:
    """A folder of this name for files that nobody keeps."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder

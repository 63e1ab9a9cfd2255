"""The CPU share of a 128 MB function, by control group."""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

PERIOD_US = 20_000
WHOLE_CORE_MB = 1_769
"""The memory size at which Lambda gives one whole core."""

V1 = Path("/sys/fs/cgroup/cpu")
V2 = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]


@contextmanager
def group(megabytes: int) -> Iterator[Path | None]:
    """A group with the limit, as its `cgroup.procs` file; nothing where this machine lets us make none."""
    share = PERIOD_US * megabytes // WHOLE_CORE_MB
    folder = make(share)
    if folder is None:
        yield None
        return
    try:
        yield folder / "cgroup.procs"
    finally:
        folder.rmdir()


def make(share: int) -> Path | None:
    """Makes the group under version 1 or 2, whichever lets us."""
    name = f"bellhop-bench-{os.getpid()}"
    settings = [(V1 / name, {"cpu.cfs_period_us": f"{PERIOD_US}", "cpu.cfs_quota_us": f"{share}"})]
    settings += [(root / name, {"cpu.max": f"{share} {PERIOD_US}"}) for root in V2]
    for folder, values in settings:
        if not folder.parent.is_dir():
            continue
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            for file, value in values.items():
                if not (folder / file).exists():
                    raise FileNotFoundError(file)
                (folder / file).write_text(value)
            return folder
        except OSError:
            folder.rmdir()
    return None

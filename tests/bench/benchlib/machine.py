"""What the figures were measured on."""

import os
import platform
import re
import subprocess
from pathlib import Path

from . import paths, setup


def model() -> str:
    """The processor's name."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found.group(1) if found else platform.machine()


def first_line(*command: str) -> str:
    """The first line that a command prints, on either stream."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.ROOT)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "unknown"


def commit() -> str:
    """The commit that was built, and whether files had changed since."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=paths.ROOT)
    return done.stdout.strip() or "no commit yet"


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def locked(package: str, lock: Path) -> str:
    """The version of a package in a lock file."""
    found = re.search(rf'name = "{package}"\nversion = "(.+)"', lock.read_text())
    return found.group(1) if found else "absent"


def describe() -> list[list[str]]:
    """The machine and the versions, as rows of a table."""
    floors = paths.FLOORS / "Cargo.lock"
    product = paths.ROOT / "Cargo.lock"
    nginx = first_line(setup.tool("nginx"), "-v").removeprefix("nginx version: nginx/")
    versions = [
        ("rustc", first_line("rustc", "--version").removeprefix("rustc ")),
        ("nginx", nginx),
        ("wrk", first_line(setup.tool("wrk"), "-v").split(" [")[0].removeprefix("wrk ")),
        ("valgrind", first_line(setup.tool("valgrind"), "--version").removeprefix("valgrind-")),
        ("lambda_runtime", locked("lambda_runtime", product)),
        ("aws-sdk-sqs", locked("aws-sdk-sqs", product)),
        ("F2's aws-config", locked("aws-config", floors)),
        ("F2's aws-sdk-sqs", locked("aws-sdk-sqs", floors)),
    ]
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    gib = int(memory.group(1)) / 1024**2 if memory else 0
    return [
        ["processor", f"{model()}, {os.cpu_count()} cores, {gib:.0f} GiB, {platform.machine()}"],
        ["kernel", f"{platform.system()} {platform.release()}"],
        ["versions", ", ".join(f"{name} {version}" for name, version in versions)],
        ["product", commit()],
    ]

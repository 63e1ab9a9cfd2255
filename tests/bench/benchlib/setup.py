"""Brings the tools from Debian that a plain machine lacks."""

import os
import shutil
import subprocess
import sys

PACKAGES = {"wrk": "wrk", "nginx": "nginx-light", "valgrind": "valgrind", "taskset": "util-linux", "nice": "coreutils"}


def need(*tools: str) -> None:
    """Installs the tools that are missing, or says which are and stops."""
    missing = [tool for tool in tools if shutil.which(tool, path=search_path()) is None]
    if not missing:
        return
    packages = [PACKAGES[tool] for tool in missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"bench: {', '.join(missing)} missing; install {' '.join(packages)} first")
    print(f"installing {' '.join(packages)}", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update"], check=True, **quiet)
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *packages], check=True, **quiet)


def tool(name: str) -> str:
    """The full path of a tool."""
    found = shutil.which(name, path=search_path())
    if found is None:
        sys.exit(f"bench: {name} is missing")
    return found


def search_path() -> str:
    """The search path, with the folders of system programs."""
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

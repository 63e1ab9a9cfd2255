"""The three servers that are loaded, each on core 1 where nothing else is said."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from . import build, paths, payload, setup

SERVERS = ["bellhop", "bare", "nginx"]


@contextmanager
def started(
    name: str, config: Path = paths.DATA / "bellhop.toml", secrets: dict[str, str] | None = None, cores: str | None = None
) -> Iterator[tuple[int, subprocess.Popen]]:
    """A running server as its port and its process, over an empty folder of its own."""
    folder = paths.work("servers") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    command = [setup.tool("taskset"), "-c", cores or core(1), *commands(name, port, folder, config)]
    environment = {**os.environ, "BENCH_SECRET": payload.SECRET, "BELLHOP_ADMIN_TOKEN": "bench-admin-token", **(secrets or {})}
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
    try:
        wait_for(port, process, folder / "server.log")
        yield port, process
    finally:
        process.send_signal(signal.SIGKILL if name == "bellhop" else signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def commands(name: str, port: int, folder: Path, config: Path) -> list[str]:
    """The command line of a server."""
    address = f"127.0.0.1:{port}"
    if name == "bare":
        return [str(build.floor("bare")), address, payload.SECRET]
    if name == "nginx":
        conf = (paths.DATA / "nginx.conf").read_text()
        (folder / "nginx.conf").write_text(conf.replace("FOLDER", str(folder)).replace("PORT", str(port)))
        return [setup.tool("nginx"), "-c", str(folder / "nginx.conf")]
    binary = str(paths.PRODUCT_BINARIES / "bellhop")
    return [binary, "serve", "--listen", address, "--data", str(folder / "data"), "--config", str(config)]


def core(wanted: int) -> str:
    """A core's number, or the last one where the machine has fewer."""
    return str(min(wanted, (os.cpu_count() or 1) - 1))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    """Waits until the server takes connections."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-1000:]}")

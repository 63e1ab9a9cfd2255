"""One process under load, beside the bare server and nginx, in turn."""

import itertools
import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import paths, payload, servers, setup

CONNECTIONS = [1, 16, 64, 256]
BODIES = [2_000, 20_000]
WARM_UP_SECONDS = 1


@dataclass
class Cell:
    """One server at one load, one value for each round."""

    rps: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


@dataclass
class Process:
    """What was measured of the one process and its neighbours."""

    cells: dict[tuple[str, int, int], Cell]
    fdatasync_us: list[float]
    idle_kib: int
    loaded_peak_kib: int
    rested_kib: int
    sustained: dict
    alone_p99_ms: list[float]
    flooded_p99_ms: list[float]


def measure(rounds: int, seconds: int, sustained_seconds: int) -> Process:
    """Loads every server at every load once a round, each time started again."""
    loads = list(itertools.product(BODIES, CONNECTIONS))
    cells = {(name, *load): Cell() for name in servers.SERVERS for load in loads}
    fdatasync_us: list[float] = []
    for number in range(rounds):
        for size, connections in loads:
            for name in servers.SERVERS:
                with servers.started(name) as (port, _):
                    wrk(port, 1 if connections == 1 else 16, size, WARM_UP_SECONDS, "warm")
                    result = wrk(port, connections, size, seconds, "run")
                cell = cells[name, size, connections]
                cell.rps.append(result["requests"] / result["seconds"])
                cell.p50_ms.append(result["p50_ms"])
                cell.p99_ms.append(result["p99_ms"])
            fdatasync_us += fdatasync(50)
        print(f"one process: round {number + 1} of {rounds}", flush=True)
    alone, flooded = beside_a_flood(rounds, 2 * seconds)
    return Process(cells, fdatasync_us, *at_rest_and_after(sustained_seconds), alone, flooded)


def beside_a_flood(rounds: int, seconds: int) -> tuple[list[float], list[float]]:
    """The p99 of one hook's 400 requests/s, alone and while another hook refuses 2,000 requests/s over its limit."""
    alone, flooded = [], []
    for _ in range(rounds):
        with servers.started("bellhop") as (port, _):
            wrk(port, 4, 2_000, WARM_UP_SECONDS, "warm")
            alone.append(wrk(port, 4, 2_000, seconds, "alone", pause_ms=10)["p99_ms"])
            with ThreadPoolExecutor() as pool:
                flood = pool.submit(wrk, port, 16, 2_000, seconds + 1, "flood", "flooded", 8)
                time.sleep(0.5)
                flooded.append(wrk(port, 4, 2_000, seconds, "beside", pause_ms=10)["p99_ms"])
                refused = flood.result()
        if refused["failed"] < 1_000 * seconds:
            raise RuntimeError(f"that was no flood: {refused}")
    return alone, flooded


def at_rest_and_after(seconds: int) -> tuple[int, int, int, dict]:
    """The memory after start, the peak under a long load, the memory a little after it, and that load's figures."""
    with servers.started("bellhop") as (port, process):
        time.sleep(2)
        idle = memory(process.pid, "VmRSS")
        sustained = wrk(port, 64, 2_000, seconds, "long")
        time.sleep(5)
        return idle, memory(process.pid, "VmHWM"), memory(process.pid, "VmRSS"), sustained


def wrk(
    port: int, connections: int, size: int, seconds: int, name: str, path: str = "github", pause_ms: int = 0
) -> dict:
    """Loads a server from core 0; but for the flooded hook an answer other than 2xx is an error, so that no refusal is
    ever measured."""
    body = payload.push(size)
    file = paths.work("bodies") / f"{size}.json"
    file.write_text(body)
    command = [
        setup.tool("taskset"), "-c", "0", setup.tool("wrk"),
        "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
        "-s", str(paths.DATA / "post.lua"), f"http://127.0.0.1:{port}",
        "--", str(file), payload.signature(body), f"{name}-{time.time_ns()}", path, str(pause_ms),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^RESULT (.+)$", done.stdout, re.M)
    if found is None:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    result = json.loads(found.group(1))
    if (result["failed"] and path != "flooded") or not result["requests"]:
        raise RuntimeError(f"not every request was accepted: {result}")
    return result


def fdatasync(count: int) -> list[float]:
    """The time of one write of 8 KB with fdatasync, on the disk that holds the data folder, in microseconds."""
    file = paths.work("servers") / "fdatasync"
    times = []
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        for _ in range(count):
            before = time.perf_counter()
            os.write(descriptor, b"x" * 8_192)
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - before) * 1e6)
    finally:
        os.close(descriptor)
        file.unlink()
    return times


def memory(process: int, name: str) -> int:
    """One of a process's memory figures, in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+)", status, re.M)
    return int(found.group(1)) if found else 0

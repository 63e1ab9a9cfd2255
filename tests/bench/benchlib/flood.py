"""What forged requests cost everybody else: the p99 of a valid hook beside the worst bodies of every family of senders."""

import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import forged, paths, process, servers, setup, stats

CONNECTIONS = 16
AIM = 2.0

NOTES = f"""\
A hook of GitHub's gets 400 signed pushes of 2 KB a second over 4 connections, alone and then while {CONNECTIONS} connections post the worst body of one family as fast as they can.
Bodies have 4 MB where they are not called short, and a proof that is wrong only once it is computed. The server runs on core 1; both loads on core 0, the forged one at the lowest priority.
The ratio is of the medians; fetched keys cannot be had.
"""


@dataclass
class Beside:
    """One family: the valid hook's p99 alone and beside it, a value a round, and how many forged requests were answered."""

    alone_ms: list[float] = field(default_factory=list)
    beside_ms: list[float] = field(default_factory=list)
    forged_per_second: list[float] = field(default_factory=list)


def measure(rounds: int, seconds: int) -> dict[str, Beside]:
    """Measures every family, each round on a server that was started again."""
    families = forged.all_families()
    folder = paths.work("forged")
    config = folder / "bellhop.toml"
    config.write_text(forged.configuration(families))
    secrets = {forged.variable(at): family.secret for at, family in enumerate(families)}
    found = {family.name: Beside() for family in families}
    for number in range(rounds):
        for family in families:
            with servers.started("bellhop", config, secrets) as (port, _):
                process.wrk(port, 4, 2_000, process.WARM_UP_SECONDS, "warm")
                alone = process.wrk(port, 4, 2_000, seconds, "alone", pause_ms=10)
                with ThreadPoolExecutor() as pool:
                    flood = pool.submit(post, port, forged.request(family, folder), seconds + 1)
                    time.sleep(0.5)
                    beside = process.wrk(port, 4, 2_000, seconds, "beside", pause_ms=10)
                    posted = flood.result()
            cell = found[family.name]
            cell.alone_ms.append(alone["p99_ms"])
            cell.beside_ms.append(beside["p99_ms"])
            cell.forged_per_second.append(posted["requests"] / (seconds + 1))
            print(f"flood: {family.name}: {alone['p99_ms']:.2f} ms alone, {beside['p99_ms']:.2f} ms beside {posted}", flush=True)
        print(f"flood: round {number + 1} of {rounds}", flush=True)
    return found


def post(port: int, request, seconds: int) -> dict:
    """Posts a forged request from many connections, at the lowest priority on core 0."""
    command = [
        setup.tool("nice"), "-n", "19", setup.tool("taskset"), "-c", "0", setup.tool("wrk"),
        "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s",
        "-s", str(paths.DATA / "forged.lua"), f"http://127.0.0.1:{port}", "--", str(request),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^RESULT (.+)$", done.stdout, re.M)
    if found is None:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    return json.loads(found.group(1))


def ratio(cell: Beside) -> float:
    """How many times longer the valid hook takes."""
    return stats.median(cell.beside_ms) / stats.median(cell.alone_ms)


def section(found: dict[str, Beside]) -> list[str]:
    """The section of the report."""
    rows = [
        [name, stats.spread(cell.alone_ms), stats.spread(cell.beside_ms), f"{ratio(cell):.2f} ×", stats.spread(cell.forged_per_second)]
        for name, cell in found.items()
    ]
    head = ["family", "p99 ms alone", "p99 ms beside", "ratio", "forged requests/s"]
    return ["\n## Beside forged requests\n", NOTES, stats.table(head, rows)]

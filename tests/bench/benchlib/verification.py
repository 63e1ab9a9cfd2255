"""How long the core takes to verify, and whether that time tells anything of the secret."""

import json
import subprocess

from . import aims, paths, stats

PROGRAM = ["cargo", "bench", "--quiet", "--locked", "-p", "bellhop-senders", "--bench", "verify"]

SURE = 10
"""Above this Welch's t leaves no doubt that two times differ."""

NOTES = """\
One thread, one core; the hook's key is read once, as when a hook is loaded.
The bare hash is HMAC-SHA256 of the same bytes with the same library, its key taken once too, in turn with ours.
"""

LEAK_NOTES = """\
Two wrong guesses are refused in random order: each has one wrong letter, or they are one guess under two secrets.
The figure is the largest of Welch's t over seven crops of the slowest calls, the median of three runs: above 10 the times differ, under 4.5 nothing is seen.
The control compares as one must not; it shows that the measurement would see a leak.
"""


def measure() -> dict:
    """Builds the program with the product's profile and runs it on core 1: what leaks does so in every run."""
    subprocess.run([*PROGRAM, "--no-run"], cwd=paths.ROOT, check=True)
    runs = [run() for _ in range(3)]
    leaks = [{**rows[0], "t": stats.median([row["t"] for row in rows])} for rows in zip(*(each["leaks"] for each in runs))]
    return {"speed": runs[0]["speed"], "leaks": leaks}


def run() -> dict:
    """What one run of the program prints."""
    pinned = ["taskset", "-c", "1", *PROGRAM]
    done = subprocess.run(pinned, cwd=paths.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def of(seen: dict) -> list[aims.Aim]:
    """The aims of the core."""
    speed, leaks = seen["speed"], seen["leaks"]
    github = stats.median(speed["senders"][0]["us"])
    ours = max(row["t"] for row in leaks if not is_control(row))
    control = min(row["t"] for row in leaks if is_control(row))
    return [
        aims.at_most("core time to verify 2 KB under HMAC-SHA256", github, 10, "µs"),
        aims.at_most("the same, of the bare HMAC of the same bytes", github / stats.median(speed["bare_us"]), 1.5),
        aims.at_most("Welch's t between two wrong guesses, the largest of all paths", ours, SURE, ""),
        aims.at_least("the same of the control, which leaks", control, SURE, ""),
    ]


def is_control(row: dict) -> bool:
    """Whether a row is the comparison that leaks."""
    return row["path"].startswith("control")


def section(seen: dict) -> list[str]:
    """The section of the report."""
    speed = seen["speed"]
    bare = stats.median(speed["bare_us"])
    rows = [["bare HMAC-SHA256", stats.spread(speed["bare_us"]), ""]]
    for row in speed["senders"]:
        rows.append([row["sender"], stats.spread(row["us"]), f"{stats.median(row['us']) / bare:.2f} ×"])
    leaks = [[row["path"], row["classes"], f"{row['calls']:,}", f"{row['t']:.1f}"] for row in seen["leaks"]]
    return [
        "\n## Verification\n",
        NOTES + f"Bodies of {speed['body_bytes']:,} bytes; rounds: {len(speed['bare_us'])}.\n",
        stats.table(["sender", "µs", "of the bare hash"], rows),
        "\n### What the time of a refusal tells\n",
        LEAK_NOTES,
        stats.table(["what is compared", "guesses", "calls", "t"], leaks),
    ]

"""Counts instructions: the same on a busy machine as on a quiet one."""

import re
from dataclasses import dataclass

from . import paths, setup
from .subjects import Subject


@dataclass
class Instructions:
    """The instructions until the first `next`, and of one more webhook when warm."""

    start: int
    warm: int


def count(subject: Subject) -> Instructions:
    """Counts start-up, and the invocations after the first."""
    start, one, many = (total(subject, n) for n in (0, 1, 1 + subject.warm))
    return Instructions(start, (many - one) // subject.warm)


def total(subject: Subject, invocations: int) -> int:
    """The instructions of one life with so many invocations."""
    log = paths.work("stub") / "cachegrind.log"
    log.unlink(missing_ok=True)
    wrapper = [
        setup.tool("valgrind"),
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        f"--log-file={log}",
    ]
    subject.run(invocations, wrapper=wrapper, terminate=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", log.read_text())
    if found is None:
        raise RuntimeError(f"cachegrind said nothing about {subject.name}: {log.read_text()[-500:]}")
    return int(found.group(1).replace(",", ""))

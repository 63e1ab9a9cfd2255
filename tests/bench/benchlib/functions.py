"""Measures the functions against the stub: cold, warm, over TLS with a small CPU share."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import build, paths, quota
from .subjects import Subject

SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass
class Times:
    """What one function took, one value for each round."""

    next_us: list[float] = field(default_factory=list)
    first_us: list[float] = field(default_factory=list)
    warm_us: list[float] = field(default_factory=list)
    peak_kib: list[float] = field(default_factory=list)


def cold_and_warm(subjects: list[Subject], rounds: int) -> dict[str, Times]:
    """Starts each function once a round, in turn, and gives it one event and then some more."""
    times = {subject.name: Times() for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            report = subject.run(1 + subject.warm)
            seen = times[subject.name]
            seen.next_us.append(report["next_us"])
            seen.first_us.append(report["first_answer_us"])
            seen.warm_us += report["answer_us"][1:]
            seen.peak_kib.append(report["memory"]["peak_kib"])
    return times


def certificate() -> Path:
    """A folder with a fresh key and certificate, and the roots of the machine with that certificate added."""
    folder = paths.work("tls")
    subprocess.run([build.floor("stub"), "certificate", folder], check=True)
    roots = SYSTEM_ROOTS.read_text() if SYSTEM_ROOTS.exists() else ""
    (folder / "roots.pem").write_text(roots + (folder / "cert.pem").read_text())
    return folder


def trust(subject: Subject, folder: Path) -> dict[str, str]:
    """Makes a function trust the stand-ins: ours adds the file to its roots, F2 reads it in place of the usual store."""
    return {"SSL_CERT_FILE": str(folder / ("roots.pem" if subject.name == "F2" else "cert.pem"))}


def first_over_tls(subjects: list[Subject], rounds: int, megabytes: int | None) -> dict[str, list[float]] | None:
    """From event to answer for the first webhook of each life, in ms; nothing where no limit can be set."""
    folder = certificate()
    times: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    with quota.group(megabytes or quota.WHOLE_CORE_MB) as procs:
        if procs is None:
            return None
        limit = procs if megabytes else None
        for _ in range(rounds):
            for subject in subjects:
                report = subject.run(1, tls=folder, quota_procs=limit, environment=trust(subject, folder))
                times[subject.name].append(report["answer_us"][0] / 1000)
    return times

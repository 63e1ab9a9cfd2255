"""Runs one life of one function against the stub."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import answers, build, paths

ACCOUNT_URL = "https://sqs.us-east-1.amazonaws.com/123456789012"
QUEUES = {
    queue["address"]: f"{ACCOUNT_URL}/{name}" + (".fifo" if queue["fifo"] else "")
    for name, queue in paths.manifest()["queues"].items()
}
"""Where each queue is, by the variable that says so."""

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": ":UTC",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "bench-session-token",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "BELLHOP_TABLE": "bench",
    "BELLHOP_BUCKET": "bench",
    **QUEUES,
    "BELLHOP_SSM_PREFIX": answers.PREFIX,
}


@dataclass
class Run:
    """What to run, and how."""

    command: list[str]
    event: str
    invocations: int
    environment: dict[str, str] = field(default_factory=dict)
    tls: Path | None = None
    quota_procs: Path | None = None
    capture: Path | None = None
    terminate: bool = False


def life(run: Run) -> dict:
    """Runs it and returns the stub's report; a failure shows what the function itself printed."""
    folder = paths.work("stub")
    log = folder / "function.log"
    spec = {
        "command": run.command,
        "environment": {**ENVIRONMENT, **run.environment},
        "core": 1,
        "stub_core": 0,
        "event": run.event,
        "invocations": run.invocations,
        "answers": str(answers.write(folder)),
        "tls": str(run.tls) if run.tls else None,
        "quota": {"procs": str(run.quota_procs)} if run.quota_procs else None,
        "log": str(log),
        "capture": str(run.capture) if run.capture else None,
        "terminate": run.terminate,
        "timeout_seconds": 120,
    }
    spec_file = folder / "spec.json"
    spec_file.write_text(json.dumps(spec))
    done = subprocess.run([build.floor("stub"), spec_file], capture_output=True, text=True)
    if done.returncode != 0:
        said = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{run.command[-1]}: {done.stderr.strip()}\n{said}")
    return json.loads(done.stdout)

"""Starting and stopping MiniStack, the local AWS."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

REGION = "eu-central-1"
READY_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 10
PROGRAM = Path(__file__).parent / "local" / "ministack_policies.py"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client_environment(port: int) -> dict[str, str]:
    """Return the variables with which AWS clients find the local stack, and nothing of the real one."""
    return {
        "AWS_ENDPOINT_URL": f"http://localhost:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def start(port: int, state: Path, extra: dict[str, str], detached: bool) -> subprocess.Popen:
    """Start MiniStack on an empty state folder and return once it answers."""
    scratch = state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **client_environment(port),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        # Functions run under the policies of their roles, so a missing permission shows here.
        "AUTH": "true",
        # Ports that would be open to the network and are not needed.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(scratch),
        "S3_DATA_DIR": str(scratch / "s3"),
        "STATE_DIR": str(scratch / "state"),
        **extra,
    }
    with open(state / "ministack.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, PROGRAM],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=None if detached else _die_with_parent,
        )
    (state / "pid").write_text(str(process.pid))
    _wait_until_ready(process, port, state)
    return process


def stop(pid: int) -> None:
    """End MiniStack and the functions it runs."""
    for sign, patience in ((signal.SIGTERM, STOP_WITHIN_SECONDS), (signal.SIGKILL, 1)):
        try:
            os.killpg(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _group_lives(pid):
            time.sleep(0.05)


def running_pid(state: Path) -> int | None:
    """Return the process id of the MiniStack started with this state folder, if it still runs."""
    try:
        pid = int((state / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"ministack" in command else None


def _wait_until_ready(process: subprocess.Popen, port: int, state: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"MiniStack ended at its start; see {state / 'ministack.log'}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    stop(process.pid)
    raise SystemExit(f"MiniStack was not ready within {READY_WITHIN_SECONDS} s; see {state / 'ministack.log'}")


def _group_lives(pid: int) -> bool:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it dies."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)

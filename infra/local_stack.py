#!/usr/bin/env python3
"""The deployed stack on this machine: template.yaml on MiniStack.

up    start MiniStack in the background and deploy; again: deploy again
logs  print what the functions have logged
down  stop it
run   start, deploy, print one line of JSON; stop on SIGTERM, when standard input closes, or, with --until-end-of, when
      that process has ended (for tests)
"""

import argparse
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3

import admin_token
import manifest
import ministack
import sam

STACK = "bellhop"
CODE_BUCKET = "bellhop-code"
DEFAULT_PORT = 4566
EXAMPLE_SECRET = "bellhop-example-secret"
PLATFORM_LINES = ("START ", "END ", "REPORT ")


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["up", "logs", "down", "run"])
    parser.add_argument("--port", type=int, help="port of MiniStack; run takes a free one")
    parser.add_argument("--state", type=Path, default=sam.ROOT / ".bellhop" / "local", help="folder for all it writes")
    parser.add_argument("--binaries", type=Path, help="folder with binaries for this machine; up and run need it")
    parser.add_argument("--prefix", default="", help="what stands before the functions' names in that folder")
    parser.add_argument("--example", type=Path, metavar="BELLHOP", help="apply the example with this program, for events/")
    parser.add_argument("--until-end-of", type=int, metavar="PID", help="run until then, and remove the state folder")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="variable for the functions")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="one of template.yaml's")
    options = parser.parse_args()
    if options.command in ("up", "run") and not options.binaries:
        parser.error(f"{options.command} needs --binaries; `make deploy-local` builds them and names their folder")
    options.state = options.state.resolve()
    options.state.mkdir(parents=True, exist_ok=True)
    {"up": up, "logs": logs, "down": down, "run": run}[options.command](options)


def up(options: argparse.Namespace) -> None:
    """Deploy to a MiniStack that stays."""
    known = options.state / "port"
    if ministack.running_pid(options.state):
        port = int(known.read_text())
    else:
        port = options.port or DEFAULT_PORT
        known.write_text(str(port))
        ministack.start(port, options.state, _variables(options.env), detached=True)
    stack = _deploy(port, options)
    variables = options.state / "functions.env"
    variables.write_text(_function_variables(port, stack))
    if options.example:
        _apply_example(options.example, stack)
    print(f"API:         {stack['url']}")
    print(f"Admin token: {options.state / 'admin-token'}")
    print(f"Environment: {variables}, for AWS clients and cargo lambda watch")
    print("Stop:        make local-down")


def logs(options: argparse.Namespace) -> None:
    """Print the log lines of all functions in the order of time."""
    if ministack.running_pid(options.state) is None:
        raise SystemExit("no local stack is running; start it with: make deploy-local")
    client = _client("logs", int((options.state / "port").read_text()))
    lines, width = [], max(map(len, manifest.functions()))
    for group in client.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}-")["logGroups"]:
        name = group["logGroupName"]
        for page in client.get_paginator("filter_log_events").paginate(logGroupName=name):
            lines += [(event["timestamp"], name.rsplit("-", 1)[-1], event["message"]) for event in page["events"]]
    for _, function, message in sorted(line for line in lines if not line[2].startswith(PLATFORM_LINES)):
        print(f"{function:<{width}} {message.rstrip()}")


def down(options: argparse.Namespace) -> None:
    """Stop the MiniStack that `up` started."""
    pid = ministack.running_pid(options.state)
    if pid is not None:
        ministack.stop(pid)
    shutil.rmtree(options.state / "tmp", ignore_errors=True)


def run(options: argparse.Namespace) -> None:
    """Deploy to a MiniStack that lives as long as whoever started this program."""
    port = options.port or ministack.free_port()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: sys.exit(0))
    process = ministack.start(port, options.state, _variables(options.env), detached=False)
    try:
        print(json.dumps(_deploy(port, options)), flush=True)
        if options.until_end_of:
            _wait_for_end(options.until_end_of)
        else:
            sys.stdin.read()
    finally:
        ministack.stop(process.pid)
        if options.until_end_of:
            shutil.rmtree(options.state, ignore_errors=True)


def _wait_for_end(pid: int) -> None:
    """Return once this process, which need not be our child, has ended."""
    try:
        if hasattr(os, "pidfd_open"):
            select.select([os.pidfd_open(pid)], [], [])
            return
        while True:
            os.kill(pid, 0)
            time.sleep(1)
    except ProcessLookupError:
        return


def _deploy(port: int, options: argparse.Namespace) -> dict[str, object]:
    environment = {**ministack.client_environment(port), **sam.silence(options.state), "SAM_CLI_POLL_DELAY": "0.5"}
    token = admin_token.ensure(options.state / "admin-token")
    parameters = {
        **_variables(options.parameter),
        "Architecture": sam.HOST_ARCHITECTURE,
        "AdminTokenSha256": admin_token.digest(token),
        "LocalApiId": _api_id(options.state),
    }
    built = sam.package_binaries(options.binaries.resolve(), options.prefix, options.state / "package")
    s3 = _client("s3", port)
    if CODE_BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=CODE_BUCKET, CreateBucketConfiguration={"LocationConstraint": ministack.REGION})
    sam.deploy(built, "local", parameters, environment)
    formation = _client("cloudformation", port)
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    # Names under localhost do not resolve everywhere; this address does.
    endpoint = environment["AWS_ENDPOINT_URL"]
    url = f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/$default"
    return {"url": url, "endpoint_url": endpoint, "region": ministack.REGION, "admin_token": token, "outputs": outputs}


def _apply_example(bellhop: Path, stack: dict) -> None:
    """Bring the example's hooks to the stack, with the secret that the requests in events/ are signed with."""
    keys = {name: EXAMPLE_SECRET for name in ("GITHUB_WEBHOOK_SECRET", "SCRIPTS_WEBHOOK_SECRET")}
    environment = {**os.environ, **keys, "BELLHOP_ADMIN_TOKEN": stack["admin_token"]}
    example = sam.ROOT / "bellhop.example.toml"
    subprocess.run([bellhop, "apply", "--url", stack["url"], "--config", example], env=environment, check=True)


def _client(service: str, port: int):
    """Return a client of the local AWS."""
    session = boto3.Session("test", "test", region_name=ministack.REGION)
    config = boto3.session.Config(s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=f"http://localhost:{port}", config=config)


def _function_variables(port: int, stack: dict) -> str:
    """Return what a function needs outside of MiniStack, as lines of NAME=VALUE."""
    outputs = stack["outputs"]
    variables = {
        **ministack.client_environment(port),
        "BELLHOP_TABLE": outputs["TableName"],
        "BELLHOP_BUCKET": outputs["BucketName"],
        **{queue.variable: outputs[f"{queue.resource}Url"] for queue in manifest.queues()},
        "BELLHOP_SSM_PREFIX": outputs["SecretPrefix"],
        "BELLHOP_ADMIN_TOKEN_SHA256": admin_token.digest(stack["admin_token"]),
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _api_id(state: Path) -> str:
    """Return the id of the API, the same for every deployment from this state folder."""
    path = state / "api-id"
    if not path.exists():
        path.write_text(secrets.token_hex(4))
    return path.read_text()


def _variables(pairs: list[str]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs)


if __name__ == "__main__":
    main()

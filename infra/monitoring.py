#!/usr/bin/env python3
"""Deploy the alarms and the dashboard of a deployed stack: monitoring.py [NAME=VALUE ...] sets parameters of monitoring.yaml.

What is watched is read from the outputs of the stack StackName, bellhop unless named.
"""

import os
import re
import sys

import boto3

import manifest
import sam

TEMPLATE = sam.ROOT / "infra" / "monitoring.yaml"


def main() -> None:
    """Deploy with the parameters of the command line."""
    wrong = [pair for pair in sys.argv[1:] if not re.fullmatch(r"[A-Za-z0-9]+=.+", pair)]
    if wrong:
        raise SystemExit(f"not NAME=VALUE: {wrong[0]}\n\n{__doc__}")
    parameters = dict(pair.split("=", 1) for pair in sys.argv[1:])
    stack = parameters.setdefault("StackName", "bellhop")
    parameters = {**watched(outputs(stack)), **parameters}
    config = os.environ.get("SAM_CONFIG_ENV", "default")
    sam.deploy(TEMPLATE, config, parameters, {}, "--stack-name", f"{stack}-monitoring")


def outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack."""
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def watched(found: dict[str, str]) -> dict[str, str]:
    """Return the names of what is watched, as parameters; a queue's name is the end of its address."""
    queues = [queue.resource for queue in manifest.queues()]
    names = {f"{queue}Name": found[f"{queue}Url"].rsplit("/", 1)[-1] for queue in queues}
    return {**names, "ApiId": found["ApiId"], "TableName": found["TableName"]}


if __name__ == "__main__":
    main()

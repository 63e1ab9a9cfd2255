"""Building and deploying template.yaml with the SAM command line."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
SAM = Path(sys.executable).parent / "sam"
HOST_ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def build(parameters: dict[str, str], environment: dict[str, str]) -> Path:
    """Build the functions with cargo lambda in the release profile and return the built template."""
    _sam("build", environment, parameters)
    return ROOT / ".aws-sam" / "build" / "template.yaml"


def package_binaries(binaries: Path, prefix: str, out: Path) -> Path:
    """Return a built template whose functions are binaries that cargo has already made for this machine."""
    template = yaml_parse(TEMPLATE.read_text())
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        binary = binaries / f"{prefix}{Path(resource['Properties']['CodeUri']).name}"
        subprocess.run(["strip", "-o", folder / "bootstrap", binary], check=True)
        resource["Properties"]["CodeUri"] = name
        resource.pop("Metadata", None)
    built = out / "template.yaml"
    built.write_text(yaml_dump(template))
    return built


def deploy(built: Path, config_env: str, parameters: dict[str, str], environment: dict[str, str], *options) -> None:
    """Deploy a built template under the named settings of samconfig.toml."""
    _sam("deploy", environment, parameters, "--template-file", built, "--config-env", config_env, *options)


def silence(state: Path) -> dict[str, str]:
    """Return the variables that keep the SAM command line from calling home."""
    folder = state / "sam"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (folder / "metadata.json").write_text(json.dumps(settings))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(folder)}


def _sam(command: str, environment: dict[str, str], parameters: dict[str, str], *options) -> None:
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    arguments = [SAM, command, "--config-file", ROOT / "samconfig.toml", *options, "--parameter-overrides", *overrides]
    path = f"{SAM.parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(arguments, cwd=ROOT, env={**os.environ, "PATH": path, **environment}, stdout=sys.stderr)
    if result.returncode != 0:
        raise SystemExit(f"sam {command} failed")

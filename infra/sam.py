"""Building the functions, and deploying template.yaml with the SAM command line."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import manifest
from samcli.yamlhelper import yaml_dump, yaml_parse

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
SAM = Path(sys.executable).parent / "sam"
HOST_ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def build(architecture: str, out: Path = ROOT / ".aws-sam") -> Path:
    """Build all functions for a processor with one call of cargo lambda into a folder, and return the built template.

    `sam build` would call it for one function after the other, and link each alone.
    """
    binaries = out / "functions"
    packages = [f"--package={name}" for name in manifest.functions()]
    target = {"arm64": "--arm64", "x86_64": "--x86-64"}[architecture]
    command = ["cargo", "lambda", "build", "--release", "--lambda-dir", binaries, target, *packages]
    if subprocess.run(command, cwd=ROOT, env=_environment({}), stdout=sys.stderr).returncode != 0:
        raise SystemExit("cargo lambda build failed")
    return _package(lambda name, bootstrap: shutil.copy(binaries / name / "bootstrap", bootstrap), out / "build")


def package_binaries(binaries: Path, prefix: str, out: Path) -> Path:
    """Return a built template whose functions are binaries that cargo has already made for this machine."""

    def strip(name: str, bootstrap: Path) -> None:
        subprocess.run(["strip", "-o", bootstrap, binaries / f"{prefix}{name}"], check=True)

    return _package(strip, out)


def _package(put: Callable[[str, Path], object], out: Path) -> Path:
    """Return a built template in whose folders `put` has put each function's binary, by its name."""
    template = yaml_parse(TEMPLATE.read_text())
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        put(Path(resource["Properties"]["CodeUri"]).name, folder / "bootstrap")
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
    result = subprocess.run(arguments, cwd=ROOT, env=_environment(environment), stdout=sys.stderr)
    if result.returncode != 0:
        raise SystemExit(f"sam {command} failed")


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Return this program's environment with the tools of its virtual environment, and with more."""
    return {**os.environ, "PATH": f"{SAM.parent}{os.pathsep}{os.environ['PATH']}", **more}

#!/usr/bin/env python3
"""make run: start Bellhop with an example configuration, ring once as GitHub would, show what comes out, keep serving."""

import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "bellhop-data"
LISTEN = os.environ.get("LISTEN", "127.0.0.1:8080")


def main() -> None:
    """Start, ring, explain, serve until interrupted."""
    binary = Path(sys.argv[1]).resolve()
    keys = {name: os.environ.get(name) or kept(name) for name in ("GITHUB_WEBHOOK_SECRET", "SCRIPTS_WEBHOOK_SECRET")}
    config = ROOT / "bellhop.toml"
    if not config.exists():
        config = ROOT / "bellhop.example.toml"
    started = time.monotonic()
    server = subprocess.Popen(
        [binary, "serve", "--listen", LISTEN, "--data", DATA, "--config", config],
        env=os.environ | keys, stdout=subprocess.PIPE, text=True)
    url, shown = None, threading.Event()
    try:
        for line in server.stdout:
            print(line, end="", flush=True)
            if line.startswith("listening on "):
                url = line.split()[-1]
                print("\nRinging at", f"{url}/webhook/github", "as GitHub would, with a signed push:\n", flush=True)
                threading.Thread(target=ring, args=(url, keys["GITHUB_WEBHOOK_SECRET"]), daemon=True).start()
            if line.startswith("└─") and not shown.is_set():
                shown.set()
                print(f"\nThat took {time.monotonic() - started:.1f} s from the start of Bellhop to the message.")
                print(hints(url, keys, os.path.relpath(binary)), flush=True)
        sys.exit(server.wait())
    except KeyboardInterrupt:
        server.terminate()
        server.wait()


def kept(name: str) -> str:
    """Return a secret made at the first run and kept for the next."""
    file = DATA / "example-secrets" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        os.chmod(DATA, 0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text()


def ring(url: str, secret: str) -> None:
    """Post the recorded push, signed."""
    body = json.loads((ROOT / "events" / "github-push.json").read_text())["body"].encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": secrets.token_hex(16),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    request = urllib.request.Request(f"{url}/webhook/github", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        print(f"answered {answer.status} {answer.read().decode()}", flush=True)


def hints(url: str, keys: dict[str, str], program: str) -> str:
    """Return what to try next."""
    return f"""
Try next, in another terminal:

  # a message from a script
  curl {url}/webhook -H 'X-Webhook-Secret: {keys["SCRIPTS_WEBHOOK_SECRET"]}' -d '{{"message": "Backup done"}}'

  # a push signed as GitHub signs it
  BODY='{{"ref":"refs/heads/main","repository":{{"full_name":"me/mine"}},"pusher":{{"name":"me"}},"commits":[]}}'
  SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac '{keys["GITHUB_WEBHOOK_SECRET"]}' | sed 's/.* //')
  curl {url}/webhook/github -H "X-Hub-Signature-256: sha256=$SIGNATURE" -H 'X-GitHub-Event: push' -d "$BODY"

  # the hooks
  BELLHOP_ADMIN_TOKEN=$(cat {DATA.relative_to(ROOT)}/admin-token) {program} hooks --url {url}

To send to Telegram: make a bot with @BotFather, write to it once, then
  cp bellhop.example.toml bellhop.toml     # and put your chat's id where 123456789 stands
  TELEGRAM_BOT_TOKEN=… make run

Bellhop keeps serving; Ctrl-C stops it."""


if __name__ == "__main__":
    main()

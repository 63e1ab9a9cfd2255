"""The admin token of a deployment: made once, kept in a private file, and known to AWS only by its hash."""

import hashlib
import os
import secrets
from pathlib import Path


LEAST_CHARACTERS = 16


def ensure(path: Path) -> str:
    """Return the token in the file, making the file with a new token where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return long_enough(path.read_text().strip(), path)
    with os.fdopen(handle, "w") as file:
        token = secrets.token_urlsafe(32)
        file.write(token + "\n")
    return token


def long_enough(token: str, path: Path) -> str:
    """Return the token where it cannot be found out by trying; the stack knows its hash alone and cannot tell."""
    if len(token) < LEAST_CHARACTERS:
        raise SystemExit(f"the token in {path} has fewer than {LEAST_CHARACTERS} characters; delete the file to have one made")
    return token


def digest(token: str) -> str:
    """Return what the stack may know of the token."""
    return hashlib.sha256(token.encode()).hexdigest()

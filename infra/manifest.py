"""The functions and queues of infra/functions.toml. As a program it prints the functions' names, for the Makefile."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "functions.toml"


@dataclass(frozen=True)
class Queue:
    """A queue in its two places: in template.yaml and in the environment of the functions that use it."""

    resource: str
    """Its name in template.yaml; the output with its address is called the same with `Url` at the end."""
    variable: str
    """The variable that holds its address."""


def functions() -> list[str]:
    """Return the names of the functions, which are their folders' and programs' too."""
    return list(_read()["functions"])


def queues() -> list[Queue]:
    """Return every queue, each followed by its dead-letter queue."""
    found = []
    for name, queue in _read()["queues"].items():
        stem = "".join(word.capitalize() for word in name.split("-"))
        found.append(Queue(f"{stem}Queue", queue["address"]))
        found.append(Queue(f"{stem}DeadLetterQueue", queue["dead_letter_address"]))
    return found


def _read() -> dict[str, dict]:
    return tomllib.loads(FILE.read_text())


if __name__ == "__main__":
    print(*functions())

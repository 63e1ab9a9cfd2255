"""Says when cron expressions come next, by two libraries that know nothing of ours.

Reads a list of [expression, zone, moment] as JSON, moments in seconds since the epoch, and writes for each
{"cronsim": [...], "croniter": [...]}: the next three times after the moment, or the error.
"""

import json
import re
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

COUNT = 3


def taken(times):
    """The first times, in seconds since the epoch."""
    return [int(next(times).timestamp()) for _ in range(COUNT)]


def asked(question):
    """What a library says, or why it says nothing."""
    try:
        return question()
    except Exception as error:  # A library may refuse what another takes: the test counts that.
        return f"{type(error).__name__}: {error}"


def as_croniter_writes(expression):
    """The last Friday is `L5` there, and `5L` elsewhere."""
    return re.sub(r" (\d)L$", r" L\1", expression)


def main():
    answers = []
    for expression, zone, moment in json.load(sys.stdin):
        at = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
        answers.append({
            "cronsim": asked(lambda: taken(CronSim(expression, at))),
            "croniter": asked(lambda: taken(croniter(as_croniter_writes(expression), at, ret_type=datetime))),
        })
    json.dump(answers, sys.stdout)


main()

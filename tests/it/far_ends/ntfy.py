"""Apprise, a client that many programs notify with: says of each message whether it was sent, and what it logged."""

import json
import logging
import sys

import apprise

answers = []
for message in json.load(sys.stdin):
    with apprise.LogCapture(level=logging.WARNING) as log:
        client = apprise.Apprise()
        client.add(message["url"])
        sent = client.notify(title=message["title"], body=message["body"], body_format=message["format"])
        answers.append({"sent": bool(sent), "log": log.getvalue()})
print(json.dumps(answers))

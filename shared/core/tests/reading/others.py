"""How Python's json, urllib and email read bodies. Lines of JSON come in: [content type, body in hex]; a line for each
goes out: {"read": the tree as text, "error": why it is no JSON}. Numbers are {"number as sent": text}, so that none is rounded."""

import email
import email.message
import json
import re
import sys
from urllib.parse import parse_qsl

sys.setrecursionlimit(5000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Constant(ValueError):
    pass


def constant(name):
    raise Constant(name)


def number(text):
    return {"number as sent": text}


def loads(data):
    return json.loads(data, parse_int=number, parse_float=number, parse_constant=constant)


def is_tree(value):
    return isinstance(value, list) or isinstance(value, dict) and set(value) != {"number as sent"}


def json_of(data):
    try:
        return loads(data), None
    except Exception as error:
        return None, type(error).__name__


def collected(pairs):
    fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def unwrapped(fields):
    inner = fields.get("payload")
    if isinstance(inner, str):
        inner, _ = json_of(inner.encode("utf-8", "surrogatepass"))
    return inner if isinstance(fields.get("payload"), str) and is_tree(inner) else fields or None


def form(body, charset):
    # It reads text; bytes beyond ASCII are written so that it decodes them as it does the others.
    body = re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % byte.group()[0], body).decode("ascii")
    pairs = parse_qsl(body, keep_blank_values=True, encoding=charset, errors="replace")
    return unwrapped(collected(pairs))


def media(content_type):
    message = email.message.Message()
    message["content-type"] = content_type
    return message


def value(part, place):
    name = part.get_param("name", header="content-disposition") or f"part{place}"
    kind = part["content-type"] and part.get_content_type()
    if part.is_multipart():
        return name, parts(part)
    content = part.get_payload(decode=True)
    if kind == "application/json" and name == "payload":
        return name, content.decode("utf-8", "replace")
    if kind == "application/json":
        read, error = json_of(content)
        if error is None:
            return name, read
    filename = part.get_filename()
    if filename is not None or kind not in (None, "application/json") and not kind.startswith("text/"):
        said = {"filename": filename, "content_type": kind, "size_bytes": {"number as sent": str(len(content))}}
        return name, {key: value for key, value in said.items() if value is not None}
    return name, content.decode(part.get_param("charset") or "utf-8", "replace")


def parts(message):
    return collected(value(part, place) for place, part in enumerate(message.get_payload(), 1))


def multipart(content_type, body):
    message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return unwrapped(parts(message)) if message.is_multipart() else None


def read(content_type, body):
    kind = media(content_type)
    tree, error = json_of(body)
    if kind.get_content_type() == "application/x-www-form-urlencoded" and content_type:
        if error is None and is_tree(tree):
            return tree, None
        return form(body.removeprefix(b"\xef\xbb\xbf"), kind.get_param("charset") or "utf-8"), error
    if kind.get_content_maintype() == "multipart":
        found = multipart(content_type, body)
        if found is not None:
            return found, error
    return tree, error


for line in sys.stdin:
    content_type, body = json.loads(line)
    tree, error = read(content_type, bytes.fromhex(body))
    print(json.dumps({"read": json.dumps(tree), "error": error}))

# Prints everything in a table as JSON, a page a line; what is packed there is unpacked.
#
# The marks are those of shared/aws/src/pack.rs and of its hashes.rs.
import uuid
import zlib

TABLE, DICTIONARY = sys.argv[1:]
FIRST_DICTIONARY_BYTES = 15_723
RAW, WITH_DICTIONARY_1, WITHOUT_HASHES = range(3)
DIGITS_64, DIGITS_40, DIGITS_32, UUID, AGAIN = range(0x11, 0x16)
BYTES = {DIGITS_64: 32, DIGITS_40: 20, DIGITS_32: 16, UUID: 16}


def unpacked(stored, known, dictionary):
    mark, packed = stored[0], stored[1:]
    if mark == RAW:
        return packed.decode("latin-1")
    if mark == WITH_DICTIONARY_1:
        return inflated(packed, dictionary[:FIRST_DICTIONARY_BYTES]).decode("latin-1")
    assert mark == WITHOUT_HASHES, mark
    end = 2 + int.from_bytes(packed[:2], "big")
    return put_back(inflated(packed[end:], dictionary), packed[2:end], known)


def inflated(packed, dictionary):
    return zlib.decompressobj(-15, zdict=dictionary).decompress(packed)


def put_back(rest, taken, known):
    text, seen, parts = [], [known], iter(rest)
    for part in parts:
        if part == AGAIN:
            text.append(seen[-1 - (next(parts) - ord(" "))])
        elif part in BYTES:
            own, taken = taken[: BYTES[part]], taken[BYTES[part] :]
            seen.append(str(uuid.UUID(bytes=own)) if part == UUID else own.hex())
            text.append(seen[-1])
        else:
            text.append(chr(part))
    assert not taken
    return "".join(text)


def shown(row, dictionary):
    known = row["sk"]["S"]
    values = ((name, next(iter(value.values()))) for name, value in row.items())
    return {name: unpacked(value, known, dictionary) if isinstance(value, bytes) else value for name, value in values}


with open(DICTIONARY, "rb") as file:
    words = file.read()
for page in aws("dynamodb").get_paginator("scan").paginate(TableName=TABLE):
    print(json.dumps([shown(row, words) for row in page["Items"]]))

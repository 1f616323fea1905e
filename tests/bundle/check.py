#!/usr/bin/env python3
"""Checks an evidence bundle: check.py BUNDLE [KEY]

Written from FORMAT.md alone, with the standard library and one package for Ed25519. KEY is the text of the journal's public
key, kept elsewhere; without it the bundle's own is taken, which shows only that the bundle is whole.

Ends with 0 if everything holds, 3 if something doesn't, and 2 if it can't run.
"""

import base64
import hashlib
import json
import re
import sys
import uuid
from datetime import datetime, timedelta, timezone

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print(
        "the Python package `cryptography` is missing: run\n"
        "    python3 -m venv target/python && target/python/bin/pip install -r tests/bundle/requirements.txt",
        file=sys.stderr,
    )
    sys.exit(2)

FORM = "strongroom evidence 1"
MAX_BUNDLE, MAX_EVENTS, MAX_HEADS, MAX_HEAD = 64 << 20, 10_000, 100, 131_072
MAX_BLOCK, MAX_ENTRIES, MAX_ENTRY = 4 << 20, 32_768, 196_608


class Refused(Exception):
    """Something doesn't hold."""


def check(condition, why):
    if not condition:
        raise Refused(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_base64(text, length=None):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"not base64: {text[:80]!r}") from error
    check(base64.b64encode(data).decode() == text, f"base64 in a second spelling: {text[:80]!r}")
    check(length in (None, len(data)), f"expected {length} bytes, found {len(data)}")
    return data


def from_hex(text, length=None):
    check(isinstance(text, str) and re.fullmatch("(?:[0-9a-f]{2})*", text), "expected lower-case hexadecimal")
    data = bytes.fromhex(text)
    check(length in (None, len(data)), f"expected {length} bytes, found {len(data)}")
    return data


def members(value, names):
    check(isinstance(value, dict) and set(value) == set(names.split()), f"expected the members: {names}")
    return [value[name] for name in names.split()]


def listed(value, most, what):
    check(isinstance(value, list) and len(value) <= most, f"expected a list of at most {most} {what}")
    return value


def whole(value):
    check(type(value) is int and 0 <= value < 2**64, "expected a whole number")
    return value


# Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).


class Key:
    def __init__(self, text):
        parts = text.split("+", 2)
        check(len(parts) == 3, "expected a key: <name>+<id>+<base64>")
        self.name, key_id, public = parts
        typed = from_base64(public, 33)
        check(typed[0] == 1, "the key is not one of Ed25519")
        self.key_id = sha256(self.name.encode(), b"\n", typed)[:4]
        check(key_id == self.key_id.hex(), "the key's id doesn't fit the key")
        self.public = Ed25519PublicKey.from_public_bytes(typed[1:])

    def verify(self, signature, text):
        try:
            self.public.verify(signature, text)
        except (InvalidSignature, ValueError) as error:
            raise Refused("a head isn't signed by the key, or was altered") from error


class Head:
    def __init__(self, text, key):
        check(isinstance(text, str) and len(text.encode()) <= MAX_HEAD, "expected a head")
        signed, blank, lines = text.partition("\n\n")
        check(blank and lines.endswith("\n") and "\n\n" not in lines, "a head has no signature")
        signed += "\n"
        ours = 0
        for line in lines[:-1].split("\n"):
            parts = line.split(" ")
            check(len(parts) >= 3 and parts[0] == "\u2014", "a line of a signature is not one")
            if parts[1] != key.name:
                continue
            data = from_base64(parts[2])
            if data[:4] == key.key_id:
                key.verify(data[4:], signed.encode())
                ours += 1
        check(ours > 0, "a head has no signature by the key")
        self.origin, size, root, ledger, time = signed.split("\n")[:5]
        check(self.origin == key.name, "a head is of another journal than its key")
        check(re.fullmatch("0|[1-9][0-9]{0,19}", size), "a head's size is not a number")
        self.size, self.root = int(size), from_base64(root, 32)
        check(re.fullmatch("ledger (0|[1-9][0-9]*) [A-Za-z0-9+/=]{44}", ledger), "a head's ledger is missing")
        check(time.startswith("time "), "a head's time is missing")


# Merkle trees (RFC 9162, sections 2.1.3.2 and 2.1.4.2).


def node(left, right):
    return sha256(b"\x01", left, right)


def check_inclusion(leaf, position, size, root, path):
    check(position < size, "a block's position is beyond the head")
    at, last, result = position, size - 1, leaf
    for other in path:
        check(last > 0, "an inclusion proof is too long")
        if at & 1 or at == last:
            result = node(other, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node(result, other)
        at, last = at >> 1, last >> 1
    check(last == 0 and result == root, "an inclusion proof doesn't hold")


def check_consistency(old, new, path):
    check(old.size <= new.size, "heads are out of order")
    if old.size == 0:
        check(not path and old.root == sha256(), "a consistency proof doesn't hold")
        return
    if old.size == new.size:
        check(not path and old.root == new.root, "a consistency proof doesn't hold")
        return
    if old.size & (old.size - 1) == 0:
        path = [old.root] + path
    check(path, "a consistency proof is empty")
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = path[0]
    for other in path[1:]:
        check(last > 0, "a consistency proof is too long")
        if at & 1 or at == last:
            was, now = node(other, was), node(other, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node(now, other)
        at, last = at >> 1, last >> 1
    check(last == 0 and was == old.root and now == new.root, "a consistency proof doesn't hold")


# Blocks and entries.


class Reader:
    def __init__(self, data):
        self.rest = data

    def take(self, count):
        check(len(self.rest) >= count, "bytes are cut short")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count, signed=False):
        return int.from_bytes(self.take(count), "big", signed=signed)

    def counted(self):
        return self.take(self.number(2))

    def text(self):
        return decoded(self.counted())

    def finish(self):
        check(not self.rest, "bytes are left over")


def decoded(data):
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused("a text is not UTF-8") from error


def block_header(data, epoch):
    """Tenant and number of entries."""
    reader = Reader(data)
    check(reader.number(1) == 1, "a block has another version")
    reader.number(1)
    tenant = reader.take(16)
    reader.number(8)
    check(str(uuid.UUID(bytes=reader.take(16))) == epoch, "a block is of another journal")
    count = reader.number(4)
    reader.take(32)
    length = len(data) + 32 * count + reader.number(4)
    reader.finish()
    check(count <= MAX_ENTRIES and length <= MAX_BLOCK, "a block is over its limits")
    return (None if tenant == bytes(16) else str(uuid.UUID(bytes=tenant))), count


def time_text(micros):
    try:
        time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)
    except OverflowError as error:
        raise Refused("a time is beyond what this checker can print") from error
    return f"{time.year:04}-{time.month:02}-{time.day:02}T{time:%H:%M:%S}.{time.microsecond:06}Z"


def names(data):
    reader = Reader(data)
    count, found = reader.number(4), []
    while reader.rest:
        found.append(reader.text())
    check(len(found) <= count, "a list has more names than it counts")
    return count, found


def subjects(data):
    check(len(data) % 28 == 0 and len(data) <= 28_000, "data subjects are torn or too many")
    for reader in (Reader(data[at : at + 28]) for at in range(0, len(data), 28)):
        pseudonym = str(uuid.UUID(bytes=reader.take(16)))
        yield {"pseudonym": pseudonym, "number": reader.number(4), "revision": reader.number(8)}


TEXTS = {2: "action", 4: "actor", 6: "session", 7: "device", 8: "purpose", 9: "reason", 20: "party"}
NUMBERS = {16: ("withheld", 4), 17: ("rows", 4), 18: ("revision_before", 8), 19: ("revision_after", 8)}
POLICIES = {10: "policy", 22: "new_policy"}
IDS = {11: "about", 12: "collection"}
LISTS = {14: "fields_read", 15: "fields_changed"}
# Lists of numbers: the name, and how many bytes each number of a member has.
RANGES = {21: ("evidence", (8, 4)), 24: ("blocks", (8, 8))}


def entry_event(data):
    """The readable form of an entry's bytes."""
    check(len(data) <= MAX_ENTRY, "an entry is too long")
    event, reader, last = {}, Reader(data), 0
    while reader.rest:
        tag, item = reader.number(1), reader.counted()
        check(tag > last, "an entry's items are out of order")
        check(tag <= last + 1 or last >= 3, "an entry has no time, act or outcome")
        last = tag
        if tag == 1:
            check(len(item) == 8, "an item has the wrong length")
            event["time"] = time_text(int.from_bytes(item, "big", signed=True))
        elif tag == 3:
            outcome = Reader(item)
            kind = outcome.number(1)
            check(1 <= kind <= 3, "an outcome is unknown")
            event["outcome"] = ("permitted", "denied", "failed")[kind - 1]
            event.update((name, text) for name, text in (("code", outcome.text()), ("rule", outcome.text())) if text)
            outcome.finish()
        elif tag == 5:
            if names(item)[1]:
                event["roles"] = names(item)[1]
        elif tag in POLICIES:
            check(len(item) == 32, "an item has the wrong length")
            event[POLICIES[tag]] = item.hex()
        elif tag == 13:
            found = list(subjects(item))
            if found:
                event["subjects"] = found
        elif tag in TEXTS:
            check(len(item) <= (8192 if tag == 9 else 1024), "a text is over its limit")
            event[TEXTS[tag]] = decoded(item)
        elif tag in NUMBERS:
            name, length = NUMBERS[tag]
            check(len(item) == length, "an item has the wrong length")
            event[name] = int.from_bytes(item, "big")
        elif tag in IDS:
            check(len(item) == 16, "an item has the wrong length")
            event[IDS[tag]] = str(uuid.UUID(bytes=item))
        elif tag in LISTS:
            count, found = names(item)
            if found:
                event[LISTS[tag]] = found
            if count != len(found):
                event[LISTS[tag] + "_count"] = count
        elif tag in RANGES:
            name, lengths = RANGES[tag]
            reader_of_item, found = Reader(item), []
            while reader_of_item.rest:
                found.append([reader_of_item.number(length) for length in lengths])
            if tag == 24:
                check(len(found) == 1, "an item has the wrong length")
                event[name] = found[0]
            elif found:
                event[name] = found
        else:
            event.setdefault("unknown", {})[str(tag)] = item.hex()
    check(last >= 3, "an entry has no time, act or outcome")
    return event


# Bundles.


def check_block(block, head, epoch):
    """Returns how many entries are shown of it, and its position."""
    position, header, sealed, hashes, path, entries = members(
        block, "position header sealed_sha256 entry_hashes inclusion entries"
    )
    position, header, sealed = whole(position), from_hex(header, 82), from_hex(sealed, 32)
    hashes = [from_hex(entry_hash, 32) for entry_hash in listed(hashes, MAX_ENTRIES, "hashes")]
    tenant, count = block_header(header, epoch)
    check(count == len(hashes), "a block has another number of entries than it says")
    leaf = sha256(b"\x00", header, sealed, *hashes)
    path = [from_hex(other, 32) for other in listed(path, 64, "hashes")]
    check_inclusion(leaf, position, head.size, head.root, path)
    last = -1
    for entry in listed(entries, MAX_EVENTS, "entries"):
        index, salt, data, event = members(entry, "index salt bytes event")
        index, data = whole(index), from_hex(data)
        check(last < index < count, "entries are out of order")
        last = index
        check(sha256(from_hex(salt, 32), data) == hashes[index], f"entry {index} of block {position} was altered")
        expected = {"position": position, "index": index, "of": count, "journal": head.origin, **entry_event(data)}
        if tenant is not None:
            expected["tenant"] = tenant
        # As text, too: in Python `True` equals 1.
        same = json.dumps(event, sort_keys=True) == json.dumps(expected, sort_keys=True)
        check(same, f"entry {index} of block {position} reads otherwise than its bytes")
    check(entries, "a block shows no entry")
    return len(entries), position


def once(pairs):
    found = dict(pairs)
    check(len(found) == len(pairs), "a member is given twice")
    return found


def check_bundle(text, given):
    check(len(text.encode()) <= MAX_BUNDLE, "the bundle is too long")
    try:
        bundle = json.loads(text, object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from error
    page, form, key_text, heads, steps, blocks = members(bundle, "page form key heads consistency blocks")
    check(form == FORM, f"the bundle's form is {form!r}, and this script knows {FORM!r}")
    check(isinstance(page, list) and all(isinstance(line, str) for line in page), "the page is missing")
    check(isinstance(key_text, str), "the key is missing")
    check(given in (None, key_text), "the bundle is signed with another key than the one given")
    key = Key(key_text)
    heads = [Head(head, key) for head in listed(heads, MAX_HEADS, "heads")]
    check(heads, "there is no head")
    steps = listed(steps, MAX_HEADS, "consistency proofs")
    check(len(steps) == len(heads) - 1, "consistency proofs are missing")
    for step, old, new in zip(steps, heads, heads[1:]):
        old_size, new_size, path = members(step, "old_size new_size hashes")
        check((whole(old_size), whole(new_size)) == (old.size, new.size), "a consistency proof is for other heads")
        check_consistency(old, new, [from_hex(other, 32) for other in listed(path, 65, "hashes")])
    count, last, epoch = 0, -1, key.name.rsplit("/", 1)[-1]
    for block in listed(blocks, MAX_EVENTS, "blocks"):
        shown, position = check_block(block, heads[-1], epoch)
        check(position > last, "blocks are out of order")
        count, last = count + shown, position
    check(count <= MAX_EVENTS, "there are too many entries")
    return f"{count} entries, {len(heads)} heads: all hold, " + (
        "under the key given" if given else "under the bundle's own key: hold it against one from elsewhere"
    )


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], "rb") as file:
            data = file.read(MAX_BUNDLE + 1)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        print(check_bundle(decoded(data), arguments[1] if len(arguments) == 2 else None))
    except Refused as refused:
        print(f"refused: {refused}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

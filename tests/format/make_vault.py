#!/usr/bin/env python3
"""Makes the member `vault` of src/format/vectors.json: a small vault, whole, written by what FORMAT.md says.

    make_vault.py --check VECTORS     compares it with what the file has
    make_vault.py --write VECTORS     puts it into the file

Every key is SHA-256 of a name and every salt of a number, so that it always comes out the same.
"""

import base64
import json
import struct
import sys

import strongroom as s
from strongroom import context, i64, mac, sha256, u16, u32, u64

TIME = 1_795_348_134_000_042
TIME_TEXT = "2026-11-22T11:48:54.000042Z"
GENERATION = 7
CEILING = 65_536


def key(name):
    return sha256(b"strongroom test key: " + name.encode())


def identifier(name):
    return sha256(b"strongroom test id: " + name.encode())[:16]


def record_id(n):
    """UUIDv7."""
    return (TIME // 1000 + n).to_bytes(6, "big") + bytes([0x70, n, 0x80]) + identifier(f"record {n}")[:7]


class Salts:
    drawn = 0

    @classmethod
    def next(cls):
        cls.drawn += 1
        return sha256(b"strongroom test salt: " + u32(cls.drawn))[:24]


# --- Encoders -----------------------------------------------------------------------------------------------------


def varint(n):
    if n < 251:
        return bytes([n])
    marker, form = (251, ">H") if n < 1 << 16 else (252, ">I") if n < 1 << 32 else (253, ">Q")
    return bytes([marker]) + struct.pack(form, n)


def signed(n):
    return varint(2 * n if n >= 0 else -2 * n - 1)


def text(value):
    return varint(len(value.encode())) + value.encode()


def option(value, encode):
    return b"\0" if value is None else b"\1" + encode(value)


def items(values, encode):
    return varint(len(values)) + b"".join(map(encode, values))


def counted(data, length=2):
    return len(data).to_bytes(length, "big") + data


def pack(value):
    """MessagePack, the shortest form."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if -32 <= value < 128:
            return struct.pack(">b", value)
        return b"\xd1" + struct.pack(">h", value) if value < 0 else b"\xcd" + u16(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        marker = bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xda" + u16(len(data))
        return marker + data
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(pack, value))
    if "bytes" in value:
        return b"\xc4" + counted(bytes.fromhex(value["bytes"]), 1)
    return bytes([0x80 | len(value)]) + b"".join(pack(k) + pack(v) for k, v in value.items())


def metadata(meta):
    return b"".join([
        option(meta["owner"], text),
        items(meta["labels"], text),
        signed(meta["created"]),
        signed(meta["updated"]),
        option(meta["about"], lambda about: bytes.fromhex("".join(about))),
        bytes.fromhex(meta["pseudonym"]),
        varint(meta["number"]),
        option(meta["retention"], signed),
    ])


def fact_bytes(fact):
    """What is remembered for policies."""
    kinds = ("share", "approval", "emergency", "suspension", "freeze", "demand")
    plain = b"\1" + varint(kinds.index(fact["kind"]))
    if fact["kind"] == "share":
        kind, name = fact["with"]
        plain += bytes.fromhex(fact["collection"]) + bytes.fromhex(fact["record"])
        plain += varint(("actor", "role", "group").index(kind)) + text(name)
        plain += bytes([1 + ("read", "write").index(fact["access"])])
        return plain + text(fact["by"]) + signed(fact["at"]) + option(fact["until"], signed)
    if fact["kind"] == "approval":
        plain += text(fact["actor"]) + text(fact["action"]) + option(fact["collection"], bytes.fromhex)
        plain += option(fact["record"], bytes.fromhex) + items(fact["about"], lambda one: text(one[0]) + text(one[1]))
        plain += bytes.fromhex(fact["bound"]) + text(fact["reason"])
        plain += signed(fact["asked"]) + signed(fact["until"]) + varint(fact["wanted"])
        plain += items(fact["answers"], lambda answer: text(answer[0]) + bytes([answer[1]]) + signed(answer[2]))
        return plain + option(fact["used"], signed)
    if fact["kind"] == "emergency":
        plain += text(fact["actor"]) + text(fact["reason"]) + signed(fact["from"]) + signed(fact["until"])
        return plain + option(fact["reviewed"], lambda review: text(review[0]) + signed(review[1]) + text(review[2]))
    if fact["kind"] == "freeze":
        plain += varint(("read-only", "closed").index(fact["extent"]))
    else:
        plain += text(fact["actor"])
    if fact["kind"] == "demand":
        plain += bytes([fact["strength"]])
    return plain + text(fact["by"]) + signed(fact["at"]) + text(fact["reason"])


def schema(stored, number_of):
    """A schema; `number_of` is None for one whose records name their own fields."""

    def field_key(name):
        if name is None:
            return b"\2"
        return b"\1" + text(name) if number_of is None else b"\0" + varint(number_of[name])

    def field(rule):
        classification = ["public", "internal", "personal", "sensitive"].index(rule["classification"])
        told = field_key(rule["field"]) + bytes([classification]) + items(rule["was"], text) + option(rule["mask"], text)
        return told + bytes([rule["attribute"]])

    def index(listed):
        normalizer = bytes([["exact", "text", "email", "phone", "national id"].index(listed["normalizer"][0])])
        region = listed["normalizer"][1].encode() if len(listed["normalizer"]) > 1 else b""
        state = bytes([["building", "ready", "retired"].index(listed["state"])])
        return b"".join([
            varint(listed["id"]), varint(listed["version"]), field_key(listed["field"]), bytes([listed["unique"]]),
            normalizer, region, varint(listed["normalizer version"]), state,
        ])

    return b"".join([
        b"\1", bytes([stored["open"]]), items(stored["fields"], field), items(stored["indexes"], index),
        varint(stored["next index"]),
    ])


def dictionary(log):
    return b"\1" + items(log, lambda entry: varint(entry[0]) + text(entry[1]))


def dictionary_hash(log):
    last = bytes(32)
    for number, name in log:
        last = sha256(last, u16(number), u16(len(name.encode())), name.encode())
    return last


def node_key(epoch, top, depth, first):
    for d in range(depth):
        prefix, child = first >> 2 * (16 - d), first >> 2 * (15 - d) & 3
        top = s.expand(top, s.LABEL + b"tree" + u32(epoch) + bytes([d]) + u32(prefix) + bytes([child]), 32)
    return top


def tree_state(epoch, top, erased):
    """The state of a tree without one slot."""
    kept, at = [], 0
    for end in (erased, 1 << 32):
        while at < end:
            depth = next(d for d in range(17) if at % 4 ** (16 - d) == 0 and at + 4 ** (16 - d) <= end)
            kept.append(node_key(epoch, top, depth, at))
            at += 4 ** (16 - depth)
        at += 1
    return b"\1" + u32(1) + u32(len(kept)) + u32(erased) + u32(erased) + b"".join(kept)


def entry(act, *more):
    """A journal entry: time, act, permitted, then other items."""
    tags = [(1, i64(TIME)), (2, act.encode()), (3, b"\1" + counted(b"") + counted(b"boss")), *more]
    return b"".join(bytes([tag]) + counted(data) for tag, data in tags)


# --- The vault ----------------------------------------------------------------------------------------------------

VAULT, TENANT, JOURNAL_EPOCH = identifier("vault"), identifier("tenant acme"), identifier("journal epoch")
CUSTOMERS, PAPERS = identifier("collection customers"), identifier("collection papers")
VAULT_KEYS = {name: key("of the vault: " + name) for name in s.Keyring.VAULT_KEYS}
KEYS = {name: key("of acme: " + name) for name in s.TenantKeys.NAMES}
ROOTS = {epoch: key(f"root of epoch {epoch} of acme") for epoch in (0, 1)}
ERASED = 5

LOG = [(0, "name"), (1, "telephone"), (2, "email"), (3, "tier"), (1, "phone"), (4, "visits"), (5, "notes")]
NUMBERS = {"name": 0, "phone": 1, "email": 2, "tier": 3, "visits": 4, "notes": 5}


def rule(field, classification="personal", was=(), attribute=False):
    return {
        "field": field, "classification": classification, "was": list(was), "mask": None, "attribute": attribute,
    }


def index(number, field, normalizer, unique=False):
    """One on the records' owner has no field."""
    return {
        "id": number, "version": 1, "field": field, "unique": unique, "normalizer": normalizer,
        "normalizer version": 1, "state": "ready",
    }


SCHEMAS = {
    CUSTOMERS: {
        "open": False,
        "fields": [rule("name"), rule("phone", "sensitive", ["telephone"]), rule("email"), rule("tier", "internal"),
                   rule("visits", "internal", attribute=True), rule("notes")],
        "indexes": [index(0, "email", ["email"], True), index(1, "name", ["text"]), index(2, None, ["exact"])],
        "next index": 3,
    },
    PAPERS: {"open": True, "fields": [rule("tag", "public")], "indexes": [index(0, "tag", ["text"])], "next index": 1},
}


def meta(pseudonym, owner="sales-7", labels=(), about=None, number=0, retention=None, updated=TIME):
    return {
        "owner": owner, "labels": list(labels), "created": TIME, "updated": updated, "about": about,
        "pseudonym": identifier("subject " + pseudonym).hex(), "number": number, "retention": retention,
    }


FACTS = [
    {
        "kind": "share", "collection": CUSTOMERS.hex(), "record": record_id(1).hex(), "with": ["role", "support"],
        "access": "write", "by": "sales-7", "at": TIME, "until": TIME + 86_400_000_000,
    },
    {
        "kind": "approval", "actor": "sales-7", "action": "delete", "collection": CUSTOMERS.hex(),
        "record": record_id(2).hex(), "about": [["revision", "3"], ["purpose", "größere Pflege"]],
        "reason": "asked for in ticket 4711", "asked": TIME, "until": TIME + 3_600_000_000, "wanted": 2,
        "answers": [["boss-1", True, TIME + 1], ["boss-2", True, TIME + 2]], "used": None,
    },
    {
        "kind": "emergency", "actor": "support-1", "reason": "größerer Ausfall", "from": TIME, "until": TIME + 900_000_000,
        "reviewed": ["officer-1", TIME + 86_400_000_000, "justified"],
    },
    {"kind": "suspension", "actor": "sales-9", "by": "root", "at": TIME, "reason": "has left"},
    {"kind": "freeze", "extent": "read-only", "by": "root", "at": TIME, "reason": "incident 12"},
    {"kind": "demand", "actor": "sales-8", "strength": 2, "by": "root", "at": TIME, "reason": "incident 12"},
]

# Asked of the vault itself.
VAULT_FACT = {
    "kind": "approval", "actor": "root", "action": "change_policy", "collection": None, "record": None,
    "about": [["policy", sha256(b"another policy of vectors").hex()]], "reason": "a new colleague", "asked": TIME,
    "until": TIME + 3_600_000_000, "wanted": 1, "answers": [["root-2", True, TIME + 1]], "used": TIME + 2,
}


def bound(state_key, tenant, at, fact, collection):
    """What an approval binds, of an act that nothing is about which isn't shown."""
    record, row_key = b"", state_key
    if fact["record"]:
        record = bytes.fromhex(fact["record"])
        row = next(row for row in ROWS if row["record"] == record)
        row_key = node_key(row["epoch"], ROOTS[row["epoch"]], 16, row["slot"])
    about = [part.encode() for pair in fact["about"] for part in pair]
    who = [fact["actor"].encode(), fact["action"].encode(), collection.encode()]
    bound_to = context("approved act", tenant, at, *who, record, u32(len(fact["about"])), *about)
    return s.expand(row_key, s.LABEL + b"act-approved" + bound_to, 32).hex()


# Fields, and where the entries of the indexed ones stand: (index, term, position).
ROWS = [
    {
        "collection": CUSTOMERS, "record": record_id(1), "epoch": 0, "slot": 0, "revision": 1, "dictionary": 4,
        "meta": meta("Ann", labels=["vip", "größer"]),
        "fields": {"name": "Ann Lee", "phone": None, "email": "Ann@Example.com", "tier": "Gold"},
        "entries": [(0, "ann@example.com", 0), (1, "ann lee", 0), (2, "sales-7", 0)],
    },
    {
        "collection": CUSTOMERS, "record": record_id(2), "epoch": 1, "slot": 6, "revision": 3, "dictionary": 7,
        "meta": meta("Ann, another", owner=None, retention=TIME + 86_400_000_000, updated=TIME + 1),
        "fields": {"name": "ANN  lee", "phone": "0491 570 156", "email": "info@example.com", "tier": {"Other": "x"},
                   "visits": -1000, "notes": "Ein längerer Text. " * 400},
        "entries": [(0, "info@example.com", 0), (1, "ann lee", 2)],
    },
    {
        "collection": PAPERS, "record": record_id(3), "epoch": 0, "slot": 0, "revision": 1, "dictionary": 0,
        "meta": meta("Ann", about=[CUSTOMERS.hex(), record_id(1).hex()], number=1),
        "fields": {"": 0.5, "list": [1, True, None, {"bytes": "00ff"}], "map": {"a": [], "b": "c"}, "tag": "Order",
                   "日付": 2026},
        "entries": [(0, "order", 0)],
    },
]
# A customer who was deleted: dead entries, and a tombstone.
GONE = {"collection": CUSTOMERS, "record": record_id(4), "slot": 7, "revision": 2,
        "entries": [(0, "bob@example.com", 0), (1, "ann lee", 1), (2, "sales-7", 1)]}


# A policy that was in force, longer than one part.
POLICY = (sha256(b"a policy of vectors"), TIME, "version = 1\n" + "# Wer darf was, größer als ein Teil.\n" * 120)


class Builder:
    def __init__(self):
        self.store, self.steps, self.rows, self.touched, self.facts = {}, [], {CUSTOMERS: {}, PAPERS: {}}, b"", {}
        self.policies = {}

    def part(self, space, collection, name, label, domain, plain):
        sealed = counted(s.seal(KEYS[name], label, context(domain, TENANT, collection), plain, Salts.next()), 4)
        for n in range(-(-len(sealed) // 4096)):
            self.store[bytes([space]) + TENANT + collection + u16(n)] = sealed[4096 * n : 4096 * (n + 1)]

    def value_key(self, collection, index_id, term):
        return mac(s.index_version_key(KEYS["index"], collection, index_id, 1), b"\1" + term.encode())

    def enter(self, row, live):
        """Index entries; returns the links' plaintext."""
        links = b""
        for index_id, term, position in row["entries"]:
            value_key = self.value_key(row["collection"], index_id, term)
            plain = b"\1" + row["record"] + bytes(15) if live else b"\2" + bytes(31)
            bound_to = context("index entry", row["collection"], u16(index_id), u16(1), u64(position))
            at = bytes([s.ENTRY]) + TENANT + mac(value_key, u64(position))
            self.store[at] = s.wrap(value_key, b"index-entry", bound_to, plain, Salts.next())
            links += u16(index_id) + u16(1) + value_key + u64(position)
        return links

    def row(self, row):
        place = (TENANT, row["collection"], row["record"])
        is_open = SCHEMAS[row["collection"]]["open"]
        slot, revision, entries = u32(row["slot"]), u64(row["revision"]), u16(row["dictionary"])
        fields = sorted((name.encode() if is_open else u16(NUMBERS[name]), value) for name, value in row["fields"].items())
        body = b"\1" + counted(metadata(row["meta"])) + bytes([is_open]) + u16(len(fields))
        body += b"".join((counted(at) if is_open else at) + counted(pack(value), 4) for at, value in fields)
        known = dictionary_hash([] if is_open else LOG[: row["dictionary"]])
        bound = (*place, slot, revision, entries, known)
        slot_key = node_key(row["epoch"], ROOTS[row["epoch"]], 16, row["slot"])
        data_key = key("data key of " + row["record"].hex())
        wrap_context, body_context = context("data key", *bound, u32(row["epoch"])), context("body", *bound)
        wrapped = s.wrap(slot_key, b"data-key", wrap_context, data_key, Salts.next())
        sealed = s.aead_seal(data_key, body_context, body)
        inline, rest = sealed[: s.INLINE], sealed[s.INLINE :]
        chunks = [rest[at : at + 4096] for at in range(0, len(rest), 4096)]
        for n, chunk in enumerate(chunks):
            self.store[bytes([s.CHUNK]) + b"".join(place) + revision + u16(n)] = chunk
        links = self.enter(row, True)
        section = s.seal(KEYS["links"], b"links", context("links", *place, revision), links, Salts.next())
        value = b"\1\1\1" + u32(row["epoch"]) + slot + revision + entries + u32(len(sealed)) + u16(len(chunks))
        value += (sha256(rest) if chunks else b"") + wrapped + inline + u16(len(row["entries"])) + section
        self.store[bytes([s.ROW]) + b"".join(place)] = value
        self.touched += row["collection"] + row["record"]
        self.steps.append({
            "tenant": TENANT.hex(), "collection": row["collection"].hex(), "record": row["record"].hex(),
            "epoch": row["epoch"], "slot": row["slot"], "slot_key": slot_key.hex(),
            "dictionary_hash": known.hex(), "wrap_context": wrap_context.hex(), "wrap": wrapped.hex(),
            "data_key": data_key.hex(), "body_context": body_context.hex(), "body_sha256": sha256(body).hex(),
            "body": body.hex() if len(body) < 1024 else None,
        })
        self.rows[row["collection"]][row["record"].hex()] = {
            "epoch": row["epoch"], "slot": row["slot"], "revision": row["revision"], "meta": row["meta"],
            "fields": row["fields"],
            "links": [{"index": i, "version": 1, "position": position} for i, _, position in row["entries"]],
        }

    def tombstone(self, row):
        place = (TENANT, row["collection"], row["record"])
        self.enter(row, False)
        pseudonym = identifier("subject Bob")
        plain = b"\1" + u32(row["slot"]) + pseudonym + u64(row["revision"])
        sealed = s.seal(KEYS["state"], b"tombstone", context("tombstone", *place), plain, Salts.next())
        self.store[bytes([s.ROW]) + b"".join(place)] = b"\1\1\2" + sealed
        self.touched += row["collection"] + row["record"]
        self.rows[row["collection"]][row["record"].hex()] = {
            "tombstone": "deleted", "slot": row["slot"], "pseudonym": pseudonym.hex(), "revision": row["revision"],
        }

    def slot_entry(self, slot, number, plain):
        bound_to = context("slot map", TENANT, u32(slot), u32(number))
        at = bytes([s.SLOT_MAP]) + TENANT + u32(slot) + u32(number)
        self.store[at] = s.seal(KEYS["state"], b"slot-map", bound_to, plain, Salts.next())

    def fact(self, fact):
        at = s.fact_id(KEYS["state"], TENANT, fact) or identifier("fact " + fact["kind"])
        if fact["kind"] == "approval":
            fact = {**fact, "bound": bound(KEYS["state"], TENANT, at, fact, "customers")}
        sealed = s.seal(KEYS["state"], b"fact", context("fact", TENANT, at), fact_bytes(fact), Salts.next())
        self.store[bytes([s.FACT]) + TENANT + at] = sealed
        self.facts[at.hex()] = fact

    def vault_fact(self, fact):
        at = identifier("fact of the vault")
        fact = {**fact, "bound": bound(VAULT_KEYS["state"], bytes(16), at, fact, "")}
        bound_to = context("fact", bytes(16), at)
        sealed = s.seal(VAULT_KEYS["state"], b"fact", bound_to, fact_bytes(fact), Salts.next())
        self.store[bytes([s.VAULT_FACT]) + at] = sealed
        self.vault_facts = {at.hex(): fact}

    def policy(self, version, since, text):
        plain = since.to_bytes(8, "big", signed=True) + text.encode()
        bound_to = context("policy text", VAULT, version)
        sealed = counted(s.seal(VAULT_KEYS["names"], b"policy-text", bound_to, plain, Salts.next()), 4)
        for n in range(-(-len(sealed) // 4096)):
            self.store[bytes([s.POLICY]) + version + u16(n)] = sealed[4096 * n : 4096 * (n + 1)]
        self.policies[version.hex()] = [since, text]

    def digest(self, carried):
        def term(at, value):
            return int.from_bytes(mac(KEYS["digest"], u32(len(at)), at, value), "big")

        terms = []
        for at, value in self.store.items():
            if at[0] == s.ROW:
                row, links = s.split_row(value)
                part = row if carried else links
                if part is not None:
                    terms.append(term(at, part))
            elif at[0] in ([9, 10, 11, 12, 13] if carried else [3, 4, 6]):
                terms.append(term(at, value))
        return u64(len(terms)) + (sum(terms) % (1 << 256)).to_bytes(32, "big")

    def block(self, position, tenant, journal_key, sequence, commit_mac, entries):
        seed = sha256(b"strongroom test seed: " + u64(position))
        plain = seed + b"".join(counted(one, 4) for one in entries)
        header = b"\1\1" + tenant + u64(sequence) + JOURNAL_EPOCH + u32(len(entries)) + commit_mac + u32(len(plain) + 72)
        sealed = s.seal(journal_key, b"block", context("block", VAULT, u64(position), header), plain, Salts.next())
        hashes = b"".join(sha256(mac(seed, u32(n)), one) for n, one in enumerate(entries))
        whole = header + hashes + sealed
        for n in range(-(-len(whole) // 4000)):
            self.store[bytes([s.BLOCK]) + u64(position) + u32(n)] = whole[4000 * n : 4000 * (n + 1)]
        return sha256(b"\0", header, sha256(sealed), hashes)


def build():
    Salts.drawn = 0
    made = Builder()
    name = s.seal(KEYS["names"], b"name", context("tenant name", TENANT), "acme".encode(), Salts.next())
    made.store[bytes([s.TENANT_NAME]) + TENANT] = name
    for collection, label, log in ((CUSTOMERS, "customers", LOG), (PAPERS, "papers", [])):
        numbers = NUMBERS if log else None
        made.part(s.SCHEMA, collection, "schema", b"schema", "schema", schema(SCHEMAS[collection], numbers))
        made.part(s.DICTIONARY, collection, "schema", b"dictionary", "dictionary", dictionary(log))
        made.part(s.COLLECTION_NAME, collection, "names", b"name", "collection name", label.encode())
    for row in ROWS:
        made.row(row)
    made.tombstone(GONE)
    made.slot_entry(0, 0, b"\1" + u32(2) + b"\0")
    made.slot_entry(0, 1, b"\2" + PAPERS + record_id(3))
    for one in FACTS:
        made.fact(one)
    made.policy(*POLICY)
    made.vault_fact(VAULT_FACT)
    journal = commit(made)
    return {
        "about": "A whole vault: made by tests/format/make_vault.py, decoded by tests/format/decode_row.py, opened and "
                 "verified by the crate's tests.",
        "key_file": key_file_text(),
        "files": {path: data.hex() for path, data in sorted(files(journal["leaves"]).items())},
        "store": [[at.hex(), value.hex()] for at, value in sorted(made.store.items())],
        "steps": made.steps,
        "searches": searches(),
        "erased": [[TENANT.hex(), epoch, ERASED] for epoch in ROOTS],
        "contents": contents(made, journal["entries"]),
    }


def commit(made):
    """Change list, blocks and states of the one commit that there was."""
    create_vault, create_tenant = entry("create_vault"), entry("create_tenant", (4, b"root"))
    about = entry("create_tenant", (4, b"root"), (11, TENANT))
    define = [entry("define", (4, b"root"), (12, collection)) for collection in (CUSTOMERS, PAPERS)]
    subject = identifier("subject Ann") + u32(0) + u64(1)
    create = entry("create", (4, b"sales-7"), (12, CUSTOMERS), (13, subject), (19, u64(1)))
    zero = bytes(40)
    entries = [[create_vault], [create_tenant, *define, create], [about]]
    vault_mac = [mac(VAULT_KEYS["commit"], u64(n), zero, zero) for n in range(3)]
    leaves = [made.block(0, bytes(16), VAULT_KEYS["journal"], 1, vault_mac[0], entries[0])]
    made.store[bytes([s.CHANGES]) + u64(1) + u32(0)] = made.touched
    carried, rebuilt = made.digest(True), made.digest(False)
    state = b"\1" + u32(8) + u64(2) + carried + rebuilt
    commit_mac = mac(KEYS["commit"], u64(1), carried, rebuilt, state)
    leaves.append(made.block(1, TENANT, KEYS["journal"], 1, commit_mac, entries[1]))
    sealed = s.seal(KEYS["sum"], b"tenant-state", context("tenant state", TENANT), state, Salts.next())
    made.store[bytes([s.TENANT_STATE]) + TENANT] = sealed
    leaves.append(made.block(2, bytes(16), VAULT_KEYS["journal"], 2, vault_mac[2], entries[2]))
    plain = JOURNAL_EPOCH + u64(3) + u64(0) + sha256() + i64(TIME) + u64(3) + b"".join(s.frontier(leaves))
    sealed = s.seal(VAULT_KEYS["state"], b"journal-state", context("journal state", VAULT), plain, Salts.next())
    made.store[bytes([s.JOURNAL_STATE])] = b"\1\1" + sealed
    return {"leaves": leaves, "entries": entries}


def key_file_text():
    word = b"strongroom-key-1"
    master = key("master")
    payload = base64.urlsafe_b64encode(master + sha256(word, master)[:4])
    return "# A key of test vectors: it protects nothing.\n" + (word + b" " + payload).decode() + "\n"


def files(leaves):
    kek, tenant_kek = key("kek"), key("kek of acme")
    wrap_context = context("anchor", b"keyring", VAULT, u64(GENERATION))
    wrapped = b"\1" + s.wrap(key("master"), b"master-wrap", wrap_context, kek, Salts.next())
    anchor = b"SRanchor\1" + VAULT + u64(GENERATION) + counted(s.key_file_id(key("master")).encode()) + counted(wrapped)
    plain = b"".join(VAULT_KEYS.values()) + JOURNAL_EPOCH + u32(1) + TENANT + u64(GENERATION) + tenant_kek
    bound_to = context("table", b"\1", VAULT, u64(GENERATION))
    table = b"\1" + s.seal(kek, b"table", bound_to, plain, Salts.next())
    plain = b"".join(KEYS.values()) + u32(CEILING) + u16(len(ROOTS))
    for epoch, top in ROOTS.items():
        plain += u32(epoch) + counted(tree_state(epoch, top, ERASED), 4)
    bound_to = context("tenant file", b"\1", VAULT, TENANT, u64(GENERATION))
    tenant_file = b"\1" + s.seal(tenant_kek, b"key-ring-of-tenant", bound_to, plain, Salts.next())
    made = {"vault": f"strongroom vault\nformat 1\nid {s.uuid(VAULT)}\n".encode(), "head": head(leaves), "keys/anchor": anchor}
    for copy in "ab":
        made[f"keys/table.{GENERATION}.{copy}"] = table
        made[f"keys/tenant-{TENANT.hex()}.{GENERATION}.{copy}"] = tenant_file
    return made


def head(leaves):
    name = f"strongroom/{s.uuid(VAULT)}/{s.uuid(JOURNAL_EPOCH)}"

    def text64(data):
        return base64.b64encode(data).decode()

    signed = f"{name}\n{len(leaves)}\n{text64(s.root(leaves))}\nledger 0 {text64(sha256())}\ntime {TIME_TEXT}\n"
    signing = VAULT_KEYS["signing"]
    signature = s.key_id(name, s.ed25519_public(signing)) + s.ed25519_sign(signing, signed.encode())
    edge = "".join(text64(one) + "\n" for one in s.frontier(leaves))
    return f"{signed}\n\u2014 {name} {text64(signature)}\n\n{edge}".encode()


def searches():
    def search(collection, index_id, term, *found):
        return {
            "tenant": TENANT.hex(), "collection": collection.hex(), "index": index_id, "version": 1,
            "term": (b"\1" + term.encode()).hex(), "found": [one and one.hex() for one in found],
        }

    return [
        search(CUSTOMERS, 0, "ann@example.com", record_id(1)),
        search(CUSTOMERS, 0, "bob@example.com", None),
        search(CUSTOMERS, 1, "ann lee", record_id(1), None, record_id(2)),
        search(CUSTOMERS, 1, "nobody"),
        search(CUSTOMERS, 2, "sales-7", record_id(1), None),
        search(PAPERS, 0, "order", record_id(3)),
    ]


def contents(made, entries):
    def told(one):
        return s.journal_entry(one)

    collections = {
        collection.hex(): {"name": label, "schema": SCHEMAS[collection], "rows": made.rows[collection]}
        for collection, label in ((CUSTOMERS, "customers"), (PAPERS, "papers"))
    }
    tenant = {
        "name": "acme", "ceiling": CEILING, "state": {"next slot": 8, "next sequence": 2}, "collections": collections,
        "slot map": {"0/0": {"next number": 2, "hold": False}, "0/1": {"record": [PAPERS.hex(), record_id(3).hex()]}},
        "facts": made.facts,
    }
    owners = [bytes(16), TENANT, bytes(16)]
    journal = [{"tenant": who.hex(), "entries": [told(one) for one in run]} for who, run in zip(owners, entries)]
    return {
        "vault": VAULT.hex(), "tenants": {TENANT.hex(): tenant}, "journal": journal, "policies": made.policies,
        "facts": made.vault_facts,
    }


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("--check", "--write"):
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[1], encoding="utf-8") as file:
        published = json.load(file)
    made = json.loads(json.dumps(build()))
    if arguments[0] == "--check":
        same = published.get("vault") == made
        print("the vault of the vectors is what this makes" if same else "the vectors have another vault: see --write")
        return 0 if same else 1
    published["vault"] = made
    with open(arguments[1], "w", encoding="utf-8") as file:
        json.dump(published, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Reads a Strongroom vault by what src/format/FORMAT.md says, with nothing but Python's standard library.

Written from that page alone: it shares no code with the crate, and shows that the page suffices. `Vault` takes the
vault's files and the store's keys and values; `contents` gives everything that is in it. Whatever doesn't fit raises
`Damaged`. Slow, and not in constant time: for checking, not for use.
"""

import base64
import hashlib
import hmac
import struct

LABEL = b"strongroom/v1/"
SUITE = 1


class Damaged(Exception):
    """Bytes that aren't what the format says."""


class Erased(Damaged):
    """The key of this slot follows from nothing that is kept."""


def check(fits, what):
    if not fits:
        raise Damaged(what)


# --- ChaCha20-Poly1305 (RFC 8439) ---------------------------------------------------------------------------------


def _rotate(value, by):
    return ((value << by) & 0xFFFFFFFF) | (value >> (32 - by))


def _quarter(s, a, b, c, d):
    for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = _rotate(s[z] ^ s[x], by)


def _block(key, counter, nonce):
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start += [*struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    state = list(start)
    for _ in range(10):
        for i in range(4):
            _quarter(state, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            _quarter(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, start)))


def _chacha20(key, nonce, data):
    out = bytearray()
    for at in range(0, len(data), 64):
        stream = _block(key, 1 + at // 64, nonce)
        out += bytes(a ^ b for a, b in zip(data[at : at + 64], stream))
    return bytes(out)


def _poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def _tag(key, nonce, aad, ciphertext):
    def pad(data):
        return data + bytes(-len(data) % 16)

    lengths = struct.pack("<QQ", len(aad), len(ciphertext))
    return _poly1305(_block(key, 0, nonce)[:32], pad(aad) + pad(ciphertext) + lengths)


NONCE = bytes(12)


def aead_seal(key, aad, plaintext):
    ciphertext = _chacha20(key, NONCE, plaintext)
    return ciphertext + _tag(key, NONCE, aad, ciphertext)


def aead_open(key, aad, sealed):
    ciphertext, tag = sealed[:-16], sealed[-16:]
    check(len(sealed) >= 16 and hmac.compare_digest(tag, _tag(key, NONCE, aad, ciphertext)), "it doesn't authenticate")
    return _chacha20(key, NONCE, ciphertext)


# --- Ed25519 (RFC 8032), for heads --------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = _add(result, point)
        point, n = _add(point, point), n >> 1
    return result


def _compress(point):
    x, y = point[0] * pow(point[2], P - 2, P) % P, point[1] * pow(point[2], P - 2, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    check((x * x - square) % P == 0, "a public key is none")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def _sha512_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _secret(key):
    digest = hashlib.sha512(key).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, digest[32:]


def ed25519_public(key):
    return _compress(_times(_secret(key)[0], BASE))


def ed25519_sign(key, message):
    scalar, prefix = _secret(key)
    public = _compress(_times(scalar, BASE))
    r = _sha512_int(prefix, message) % ORDER
    commitment = _compress(_times(r, BASE))
    challenge = _sha512_int(commitment, public, message) % ORDER
    return commitment + ((r + challenge * scalar) % ORDER).to_bytes(32, "little")


def ed25519_verify(public, message, signature):
    challenge = _sha512_int(signature[:32], public, message) % ORDER
    left = _times(int.from_bytes(signature[32:], "little"), BASE)
    right = _add(_decompress(signature[:32]), _times(challenge, _decompress(public)))
    return _compress(left) == _compress(right)


# --- Constructions ------------------------------------------------------------------------------------------------


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def expand(key, info, length):
    """HKDF-Expand with SHA-256 (RFC 5869, section 2.3)."""
    out, last = b"", b""
    for counter in range(1, length // 32 + 2):
        last = mac(key, last, info, bytes([counter]))
        out += last
    return out[:length]


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def i64(n):
    return struct.pack(">q", n)


def context(domain, *parts):
    """What a seal is bound to."""
    all_parts = [domain.encode(), bytes([SUITE]), *parts]
    return b"".join(u32(len(part)) + part for part in all_parts)


def wrap(key, label, bound_to, secret, salt):
    both = expand(key, LABEL + label + salt + bound_to, 64)
    masked = bytes(a ^ b for a, b in zip(secret, both[:32]))
    return salt + masked + mac(both[32:], masked)


def unwrap(key, label, bound_to, wrapped):
    check(len(wrapped) == 88, "a wrap has another length")
    salt, masked, tag = wrapped[:24], wrapped[24:56], wrapped[56:]
    both = expand(key, LABEL + label + salt + bound_to, 64)
    check(hmac.compare_digest(mac(both[32:], masked), tag), "a wrap doesn't authenticate")
    return bytes(a ^ b for a, b in zip(masked, both[:32]))


def seal(key, label, bound_to, plaintext, salt):
    both = expand(key, LABEL + label + salt + bound_to, 64)
    return salt + both[32:] + aead_seal(both[:32], bound_to, plaintext)


def unseal(key, label, bound_to, sealed):
    check(len(sealed) >= 72, "a seal is too short")
    salt, commitment, rest = sealed[:24], sealed[24:56], sealed[56:]
    both = expand(key, LABEL + label + salt + bound_to, 64)
    check(hmac.compare_digest(both[32:], commitment), "a seal's commitment is another")
    return aead_open(both[:32], bound_to, rest)


class Reader:
    """Takes bytes apart from the front."""

    def __init__(self, data):
        self.rest = data

    def take(self, length):
        check(length <= len(self.rest), "it ends too early")
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def counted(self, length):
        return self.take(self.number(length))

    def version(self):
        check(self.number(1) == 1, "another version")

    def end(self):
        check(not self.rest, "bytes are left over")


# --- Keys ---------------------------------------------------------------------------------------------------------


def master_key(text):
    """The key of a key file."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    check(len(lines) == 1, "not a key file")
    word, payload = lines[0].split()
    check(word == "strongroom-key-1", "not a key file, or one of another version")
    payload = base64.urlsafe_b64decode(payload)
    key, checksum = payload[:32], payload[32:]
    check(sha256(word.encode(), key)[:4] == checksum, "the key has a typo")
    return key


def key_file_id(key):
    return "key-file:" + expand(key, LABEL + b"key-file-id", 16).hex()


class Tree:
    """One epoch's key tree, without its erased slots."""

    def __init__(self, epoch, state):
        self.epoch, self.nodes = epoch, []
        reader = Reader(state)
        reader.version()
        runs, keys = reader.number(4), reader.number(4)
        erased = [(reader.number(4), reader.number(4)) for _ in range(runs)]
        at = 0
        for first, last in erased + [(1 << 32, None)]:
            check(at <= first and (last is None or first <= last), "erased runs are out of order")
            check(at == 0 or at < first or last is None, "erased runs touch")
            while at < first:
                depth = next(d for d in range(17) if at % 4 ** (16 - d) == 0 and at + 4 ** (16 - d) <= first)
                self.nodes.append((at, depth, reader.take(32)))
                at += 4 ** (16 - depth)
            at = at if last is None else last + 1
        check(len(self.nodes) == keys, "there are fewer keys than it says")
        reader.end()

    def slot_key(self, slot):
        for first, depth, key in self.nodes:
            if first <= slot < first + 4 ** (16 - depth):
                return descend(self.epoch, depth, key, slot)
        raise Erased(f"slot {slot} is erased")


def descend(epoch, depth, key, slot):
    """The key of a slot below a node of this depth."""
    for d in range(depth, 16):
        prefix, child = slot >> 2 * (16 - d), slot >> 2 * (15 - d) & 3
        key = expand(key, LABEL + b"tree" + u32(epoch) + bytes([d]) + u32(prefix) + bytes([child]), 32)
    return key


class Keyring:
    VAULT_KEYS = ["journal", "commit", "state", "signing", "ledger", "names"]

    def __init__(self, master, files):
        reader = Reader(files["anchor"])
        check(reader.take(8) == b"SRanchor", "not an anchor")
        reader.version()
        self.vault, self.generation = reader.take(16), reader.number(8)
        check(reader.counted(2).decode() == key_file_id(master), "another master key")
        wrapped = Reader(reader.counted(2))
        reader.end()
        wrapped.version()
        bound_to = context("anchor", b"keyring", self.vault, u64(self.generation))
        self.kek = unwrap(master, b"master-wrap", bound_to, wrapped.rest)
        self._table(files)

    def _table(self, files):
        bound_to = context("table", b"\x01", self.vault, u64(self.generation))
        reader = Reader(_file(files, f"table.{self.generation}", self.kek, b"table", bound_to))
        self.keys = {name: reader.take(32) for name in self.VAULT_KEYS}
        self.journal_epoch = reader.take(16)
        self.tenants = {}
        for _ in range(reader.number(4)):
            tenant, generation, kek = reader.take(16), reader.number(8), reader.take(32)
            check(all(tenant > other for other in self.tenants), "tenants are out of order")
            bound_to = context("tenant file", b"\x01", self.vault, tenant, u64(generation))
            name = f"tenant-{tenant.hex()}.{generation}"
            self.tenants[tenant] = TenantKeys(_file(files, name, kek, b"key-ring-of-tenant", bound_to))
        reader.end()


def _file(files, name, key, label, bound_to):
    reader = Reader(files[name + ".a"])
    reader.version()
    return unseal(key, label, bound_to, reader.rest)


class TenantKeys:
    NAMES = ["index", "links", "state", "names", "schema", "digest", "sum", "journal", "commit"]

    def __init__(self, data):
        reader = Reader(data)
        self.keys = {name: reader.take(32) for name in self.NAMES}
        self.ceiling, self.trees = reader.number(4), {}
        for _ in range(reader.number(2)):
            epoch = reader.number(4)
            check(all(epoch > other for other in self.trees), "epochs are out of order")
            self.trees[epoch] = Tree(epoch, reader.counted(4))
        check(self.trees, "there is no epoch")
        reader.end()

    def __getitem__(self, name):
        return self.keys[name]


# --- bincode and MessagePack --------------------------------------------------------------------------------------


class Bincode(Reader):
    def unsigned(self):
        first = self.number(1)
        check(first <= 253, "a number is too long")
        return first if first < 251 else self.number({251: 2, 252: 4, 253: 8}[first])

    def signed(self):
        n = self.unsigned()
        return n // 2 if n % 2 == 0 else -(n + 1) // 2

    def bool(self):
        return {0: False, 1: True}[self.number(1)]

    def text(self):
        return self.take(self.unsigned()).decode()

    def list(self, read):
        return [read() for _ in range(self.unsigned())]

    def option(self, read):
        return read() if self.bool() else None

    def one_of(self, *names):
        return names[self.unsigned()]


class MessagePack(Reader):
    """https://github.com/msgpack/msgpack/blob/master/spec.md; bytes come as {"bytes": hexadecimal}."""

    def value(self):
        m = self.number(1)
        if m <= 0x7F:
            return m
        if m <= 0x8F:
            return self.map(m & 15)
        if m <= 0x9F:
            return self.array(m & 15)
        if m <= 0xBF:
            return self.take(m & 31).decode()
        if m >= 0xE0:
            return m - 256
        if m in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[m]
        if m in (0xC4, 0xC5, 0xC6):
            return {"bytes": self.counted(1 << (m - 0xC4)).hex()}
        if m in (0xCA, 0xCB):
            return struct.unpack(">f" if m == 0xCA else ">d", self.take(4 if m == 0xCA else 8))[0]
        if 0xCC <= m <= 0xCF:
            return self.number(1 << (m - 0xCC))
        if 0xD0 <= m <= 0xD3:
            return int.from_bytes(self.take(1 << (m - 0xD0)), "big", signed=True)
        if m in (0xD9, 0xDA, 0xDB):
            return self.counted(1 << (m - 0xD9)).decode()
        if m in (0xDC, 0xDD):
            return self.array(self.number(2 if m == 0xDC else 4))
        check(m in (0xDE, 0xDF), "no value of a field begins so")
        return self.map(self.number(2 if m == 0xDE else 4))

    def array(self, count):
        return [self.value() for _ in range(count)]

    def map(self, count):
        return {self.value(): self.value() for _ in range(count)}


def field_value(data):
    reader = MessagePack(data)
    value = reader.value()
    reader.end()
    return value


# --- What is in the store -----------------------------------------------------------------------------------------

ROW, CHUNK, ENTRY, SLOT_MAP, BLOCK, CHANGES = 1, 2, 3, 4, 5, 6
TENANT_STATE, JOURNAL_STATE, TENANT_NAME, COLLECTION_NAME, SCHEMA, DICTIONARY, FACT = 7, 8, 9, 10, 11, 12, 13
POLICY = 14
VAULT_FACT = 19

INLINE, CHUNK_LENGTH = 1536, 4096


def metadata(data):
    reader = Bincode(data)
    meta = {
        "owner": reader.option(reader.text),
        "labels": reader.list(reader.text),
        "created": reader.signed(),
        "updated": reader.signed(),
        "about": reader.option(lambda: [reader.take(16).hex(), reader.take(16).hex()]),
        "pseudonym": reader.take(16).hex(),
        "number": reader.unsigned(),
        "retention": reader.option(reader.signed),
    }
    reader.end()
    return meta


def body(data, names):
    """Metadata and fields of an opened body."""
    reader = Reader(data)
    reader.version()
    meta, kind, fields, last = metadata(reader.counted(2)), reader.number(1), {}, None
    check(kind in (0, 1), "fields are named in an unknown way")
    for _ in range(reader.number(2)):
        key = reader.counted(2) if kind else reader.number(2)
        check(last is None or last < key, "fields are out of order")
        last = key
        fields[key.decode() if kind else names[key]] = field_value(reader.counted(4))
    reader.end()
    return meta, fields


class Dictionary:
    def __init__(self, data):
        reader = Bincode(data)
        reader.version()
        self.names, self.hashes = {}, [bytes(32)]
        for number, name in reader.list(lambda: (reader.unsigned(), reader.text())):
            check(number <= len(self.names) and name not in self.names.values(), "an entry doesn't follow")
            self.names[number] = name
            self.hashes.append(sha256(self.hashes[-1], u16(number), u16(len(name.encode())), name.encode()))
        reader.end()


def fact(data):
    """What a vault remembers for policies."""
    reader = Bincode(data)
    reader.version()
    kind = reader.one_of("share", "approval", "emergency", "suspension", "freeze", "demand")
    if kind == "share":
        told = {
            "collection": reader.take(16).hex(), "record": reader.take(16).hex(),
            "with": [reader.one_of("actor", "role", "group"), reader.text()], "access": ["read", "write"][reader.number(1) - 1],
            "by": reader.text(), "at": reader.signed(), "until": reader.option(reader.signed),
        }
    elif kind == "approval":
        told = {
            "actor": reader.text(), "action": reader.text(), "collection": reader.option(lambda: reader.take(16).hex()),
            "record": reader.option(lambda: reader.take(16).hex()),
            "about": reader.list(lambda: [reader.text(), reader.text()]), "bound": reader.take(32).hex(), "reason": reader.text(), "asked": reader.signed(), "until": reader.signed(), "wanted": reader.unsigned(),
            "answers": reader.list(lambda: [reader.text(), bool(reader.number(1)), reader.signed()]),
            "used": reader.option(reader.signed),
        }
    elif kind == "emergency":
        told = {
            "actor": reader.text(), "reason": reader.text(), "from": reader.signed(), "until": reader.signed(),
            "reviewed": reader.option(lambda: [reader.text(), reader.signed(), reader.text()]),
        }
    else:
        told = {"extent": reader.one_of("read-only", "closed")} if kind == "freeze" else {"actor": reader.text()}
        if kind == "demand":
            told["strength"] = reader.number(1)
        told.update({"by": reader.text(), "at": reader.signed(), "reason": reader.text()})
    reader.end()
    return {"kind": kind, **told}


def fact_id(state_key, tenant, told):
    """The id of what there is one of; other facts have random ones."""
    if told["kind"] == "share":
        kind, name = told["with"]
        kind = bytes([1 + ("actor", "role", "group").index(kind)])
        parts = (bytes.fromhex(told["collection"]), bytes.fromhex(told["record"]), kind, name.encode())
        return expand(state_key, LABEL + b"id-of-fact" + context("share", tenant, *parts), 16)
    if told["kind"] in ("suspension", "demand"):
        return expand(state_key, LABEL + b"id-of-fact" + context(told["kind"], tenant, told["actor"].encode()), 16)
    if told["kind"] == "freeze":
        return expand(state_key, LABEL + b"id-of-fact" + context("freeze", tenant), 16)
    return None


def schema(data, dictionary):
    reader = Bincode(data)
    reader.version()

    def key():
        kind = reader.one_of("number", "name", "owner")
        if kind == "owner":
            return None
        return dictionary.names[reader.unsigned()] if kind == "number" else reader.text()

    def field():
        classification = ("public", "internal", "personal", "sensitive")
        return {
            "field": key(),
            "classification": reader.one_of(*classification),
            "was": reader.list(reader.text),
            "mask": reader.option(reader.text),
            "attribute": reader.bool(),
        }

    def normalizer():
        name = reader.one_of("exact", "text", "email", "phone", "national id")
        return [name, reader.take(2).decode()] if name == "phone" else [name]

    def index():
        return {
            "id": reader.unsigned(),
            "version": reader.unsigned(),
            "field": key(),
            "unique": reader.bool(),
            "normalizer": normalizer(),
            "normalizer version": reader.unsigned(),
            "state": reader.one_of("building", "ready", "retired"),
        }

    read = {"open": reader.bool(), "fields": reader.list(field), "indexes": reader.list(index)}
    read["next index"] = reader.unsigned()
    reader.end()
    return read


class Vault:
    """A vault: the text of its key file, the files of its directory, the keys and values of its store."""

    def __init__(self, key_file, files, store):
        marker = files["vault"].decode().splitlines()
        check(marker[:2] == ["strongroom vault", "format 1"] and len(marker) == 3, "not a vault")
        in_keys = {name[len("keys/") :]: data for name, data in files.items() if name.startswith("keys/")}
        self.keyring, self.files, self.store = Keyring(master_key(key_file), in_keys), files, store
        check(marker[2] == "id " + uuid(self.keyring.vault), "the marker names another vault")

    def contents(self):
        """Everything in it, after it was held against the journal and the head."""
        self.digests, self.changed = {}, {}
        blocks, tips = self._journal()
        tenants = {}
        for tenant in self.keyring.tenants:
            tenants[tenant.hex()] = self._tenant(tenant, tips)
        vault = self.keyring.vault.hex()
        facts = {}
        for key, sealed in self._space(VAULT_FACT):
            bound_to = context("fact", bytes(16), key[1:])
            facts[key[1:].hex()] = fact(unseal(self.keyring.keys["state"], b"fact", bound_to, sealed))
        return {"vault": vault, "tenants": tenants, "journal": blocks, "policies": self._policies(), "facts": facts}

    def _policies(self):
        """The policies that were in force: since when, and the text, by version."""
        policies = {}
        for version in sorted({key[1:33] for key, _ in self._space(POLICY)}):
            bound_to = context("policy text", self.keyring.vault, version)
            plain = unseal(self.keyring.keys["names"], b"policy-text", bound_to, self._joined(POLICY, version, b""))
            policies[version.hex()] = [int.from_bytes(plain[:8], "big", signed=True), plain[8:].decode()]
        return policies

    def _space(self, space, prefix=b""):
        prefix = bytes([space]) + prefix
        return sorted((key, value) for key, value in self.store.items() if key.startswith(prefix))

    def _joined(self, space, tenant, collection):
        """Something split over several values."""
        parts = self._space(space, tenant + collection)
        check([key[-2:] for key, _ in parts] == [u16(n) for n in range(len(parts))], "a part is missing")
        reader = Reader(b"".join(value for _, value in parts))
        whole = reader.counted(4)
        reader.end()
        return whole

    # -- one tenant

    def _tenant(self, tenant, tips):
        keys = self.keyring.tenants[tenant]
        sealed = self.store[bytes([TENANT_NAME]) + tenant]
        name = unseal(keys["names"], b"name", context("tenant name", tenant), sealed).decode()
        collections = {}
        for collection in sorted({key[17:33] for key, _ in self._space(COLLECTION_NAME, tenant)}):
            collections[collection.hex()] = self._collection(tenant, collection)
        slots = {}
        for key, sealed in self._space(SLOT_MAP, tenant):
            slot, number = key[17:21], key[21:]
            bound_to = context("slot map", tenant, slot, number)
            reader = Reader(unseal(keys["state"], b"slot-map", bound_to, sealed))
            if reader.number(1) == 1:
                entry = {"next number": reader.number(4), "hold": bool(reader.number(1))}
            else:
                entry = {"record": [reader.take(16).hex(), reader.take(16).hex()]}
            reader.end()
            slots[f"{int.from_bytes(slot, 'big')}/{int.from_bytes(number, 'big')}"] = entry
        state = self._state(tenant, tips)
        facts = {}
        for key, sealed in self._space(FACT, tenant):
            told = fact(unseal(keys["state"], b"fact", context("fact", tenant, key[17:]), sealed))
            derived = fact_id(keys["state"], tenant, told)
            check(derived is None or derived == key[17:], "a fact stands under another's id")
            facts[key[17:].hex()] = told
        return {
            "name": name, "ceiling": keys.ceiling, "state": state, "collections": collections, "slot map": slots,
            "facts": facts,
        }

    def _state(self, tenant, tips):
        keys = self.keyring.tenants[tenant]
        sealed = self.store[bytes([TENANT_STATE]) + tenant]
        plain = unseal(keys["sum"], b"tenant-state", context("tenant state", tenant), sealed)
        reader = Reader(plain)
        reader.version()
        next_slot, sequence, carried, rebuilt = reader.number(4), reader.number(8), reader.take(40), reader.take(40)
        reader.end()
        check(carried == self._digest(tenant, True), "records differ from what the last commit left")
        check(rebuilt == self._digest(tenant, False), "index entries differ from what the last commit left")
        position, commit_mac, last = tips[tenant]
        check(commit_mac == mac(keys["commit"], u64(position), carried, rebuilt, plain), "a commit MAC is another")
        check(sequence == last + 1, "a block is missing")
        return {"next slot": next_slot, "next sequence": sequence}

    def _digest(self, tenant, carried):
        terms = []
        key = self.keyring.tenants[tenant]["digest"]

        def add(at, value):
            terms.append(int.from_bytes(mac(key, u32(len(at)), at, value), "big"))

        for at, value in self._space(ROW, tenant):
            row, links = split_row(value)
            if carried:
                add(at, row)
            elif links is not None:
                add(at, links)
        for space in [TENANT_NAME, COLLECTION_NAME, SCHEMA, DICTIONARY, FACT] if carried else [ENTRY, SLOT_MAP]:
            for at, value in self._space(space, tenant):
                add(at, value)
        if not carried:
            for at, value in self._space(CHANGES):
                if self.owners[int.from_bytes(at[1:9], "big")] == tenant:
                    add(at, value)
        return u64(len(terms)) + (sum(terms) % (1 << 256)).to_bytes(32, "big")

    def _collection(self, tenant, collection):
        keys = self.keyring.tenants[tenant]

        def part(space, key, label, domain):
            return unseal(keys[key], label, context(domain, tenant, collection), self._joined(space, tenant, collection))

        dictionary = Dictionary(part(DICTIONARY, "schema", b"dictionary", "dictionary"))
        found = {
            "name": part(COLLECTION_NAME, "names", b"name", "collection name").decode(),
            "schema": schema(part(SCHEMA, "schema", b"schema", "schema"), dictionary),
            "rows": {},
        }
        for key, value in self._space(ROW, tenant + collection):
            found["rows"][key[33:].hex()] = self.row(tenant, collection, key[33:], value, dictionary)
        return found

    def row(self, tenant, collection, record, value, dictionary):
        """A record, or its tombstone."""
        keys, place = self.keyring.tenants[tenant], (tenant, collection, record)
        reader = Reader(value)
        reader.version()
        check(reader.number(1) == SUITE, "another suite")
        if reader.number(1) == 2:
            return self._tombstone(keys, place, reader.rest)
        epoch, slot, revision = reader.take(4), reader.take(4), reader.take(8)
        entries, length, count = reader.take(2), reader.number(4), reader.number(2)
        chunks_hash = reader.take(32) if count else None
        wrapped, sealed, links = reader.take(88), reader.take(min(length, INLINE)), reader.rest
        check(count == -(-max(length - INLINE, 0) // CHUNK_LENGTH), "the number of chunks doesn't fit the length")
        chunks = b"".join(self.store[bytes([CHUNK]) + b"".join(place) + revision + u16(n)] for n in range(count))
        check(len(sealed + chunks) == length and (not count or sha256(chunks) == chunks_hash), "a chunk is another")
        known = dictionary.hashes[int.from_bytes(entries, "big")]
        bound = (*place, slot, revision, entries, known)
        slot_key = keys.trees[int.from_bytes(epoch, "big")].slot_key(int.from_bytes(slot, "big"))
        data_key = unwrap(slot_key, b"data-key", context("data key", *bound, epoch), wrapped)
        meta, fields = body(aead_open(data_key, context("body", *bound), sealed + chunks), dictionary.names)
        return {
            "epoch": int.from_bytes(epoch, "big"),
            "slot": int.from_bytes(slot, "big"),
            "revision": int.from_bytes(revision, "big"),
            "meta": meta,
            "fields": fields,
            "links": self._links(keys, place, revision, links),
        }

    def _tombstone(self, keys, place, sealed):
        reader = Reader(unseal(keys["state"], b"tombstone", context("tombstone", *place), sealed))
        kind, slot, pseudonym, revision = reader.number(1), reader.number(4), reader.take(16), reader.number(8)
        reader.end()
        kind = {1: "deleted", 2: "erased"}[kind]
        return {"tombstone": kind, "slot": slot, "pseudonym": pseudonym.hex(), "revision": revision}

    def _links(self, keys, place, revision, section):
        reader = Reader(section)
        count = reader.number(2)
        if not count:
            reader.end()
            return []
        reader = Reader(unseal(keys["links"], b"links", context("links", *place, revision), reader.rest))
        links = []
        for _ in range(count):
            index, version, value_key, position = reader.take(2), reader.take(2), reader.take(32), reader.take(8)
            tenant, collection, record = place
            sealed = self.store[bytes([ENTRY]) + tenant + mac(value_key, position)]
            bound_to = context("index entry", collection, index, version, position)
            entry = unwrap(value_key, b"index-entry", bound_to, sealed)
            check(entry == b"\x01" + record + bytes(15), "a link names another record's entry")
            numbers = [int.from_bytes(part, "big") for part in (index, version, position)]
            links.append({"index": numbers[0], "version": numbers[1], "position": numbers[2]})
        reader.end()
        return links

    def find(self, tenant, collection, index, version, term):
        """The records in the entries of a term; None for dead entries."""
        key = index_version_key(self.keyring.tenants[tenant]["index"], collection, index, version)
        value_key, found = mac(key, term), []
        while (sealed := self.store.get(bytes([ENTRY]) + tenant + mac(value_key, u64(len(found))))) is not None:
            bound_to = context("index entry", collection, u16(index), u16(version), u64(len(found)))
            entry = unwrap(value_key, b"index-entry", bound_to, sealed)
            check(entry[0] in (1, 2) and not any(entry[17:]), "an entry isn't one")
            found.append(entry[1:17].hex() if entry[0] == 1 else None)
        return found

    # -- the journal

    def _journal(self):
        keys, blocks, hashes, tips, self.owners = self.keyring.keys, [], [], {}, []
        positions = sorted({key[1:9] for key, _ in self._space(BLOCK)})
        check(positions == [u64(n) for n in range(len(positions))], "a block is missing")
        for position in positions:
            data = b"".join(value for _, value in self._space(BLOCK, position))
            reader = Reader(data)
            reader.version()
            check(reader.number(1) == SUITE, "another suite")
            tenant, sequence, epoch = reader.take(16), reader.number(8), reader.take(16)
            count, commit_mac, length = reader.number(4), reader.take(32), reader.number(4)
            check(epoch == self.keyring.journal_epoch, "a block of another journal")
            entry_hashes = [reader.take(32) for _ in range(count)]
            sealed = reader.take(length)
            reader.end()
            owner = keys if tenant == bytes(16) else self.keyring.tenants[tenant]
            bound_to = context("block", self.keyring.vault, position, data[:82])
            reader = Reader(unseal(owner["journal"], b"block", bound_to, sealed))
            seed, entries = reader.take(32), []
            for n, wanted in enumerate(entry_hashes):
                entry = reader.counted(4)
                check(sha256(mac(seed, u32(n)), entry) == wanted, "an entry's hash is another")
                entries.append(journal_entry(entry))
            reader.end()
            last = tips.get(tenant, (None, None, 0))[2]
            check(sequence == last + 1, "a block's sequence number doesn't follow")
            tips[tenant] = (int.from_bytes(position, "big"), commit_mac, sequence)
            self.owners.append(tenant)
            hashes.append(sha256(b"\x00", data[:82], sha256(sealed), *entry_hashes))
            blocks.append({"tenant": tenant.hex(), "entries": entries})
        self._head(hashes)
        self._journal_state(hashes, tips)
        return blocks, tips

    def _journal_state(self, hashes, tips):
        reader = Reader(self.store[bytes([JOURNAL_STATE])])
        reader.version()
        check(reader.number(1) == SUITE, "another suite")
        bound_to = context("journal state", self.keyring.vault)
        reader = Reader(unseal(self.keyring.keys["state"], b"journal-state", bound_to, reader.rest))
        epoch, sequence, erasures, ledger = reader.take(16), reader.number(8), reader.number(8), reader.take(32)
        reader.take(8)
        check(epoch == self.keyring.journal_epoch and reader.number(8) == len(hashes), "the journal's state is another")
        check(sequence == tips[bytes(16)][2] + 1, "a block of the vault is missing")
        check((erasures, ledger) == (0, sha256()), "the ledger is another")
        check(reader.rest == b"".join(frontier(hashes)), "the journal's tree is another")

    def _head(self, hashes):
        keys = self.keyring
        note, _, edge = self.files["head"].decode().rpartition("\n\n")
        signed, _, signature = (note + "\n").partition("\n\n")
        signed += "\n"
        name = f"strongroom/{uuid(keys.vault)}/{uuid(keys.journal_epoch)}"
        lines = signed.splitlines()
        size = int(lines[1])
        check(lines[0] == name and base64.b64decode(lines[2]) == root(hashes[:size]), "the head is another's")
        check([base64.b64decode(line) for line in edge.split()] == frontier(hashes[:size]), "the head's edge is another")
        dash, signer, blob = signature.split()
        public = ed25519_public(keys.keys["signing"])
        blob = base64.b64decode(blob)
        check(dash == "\u2014" and signer == name and blob[:4] == key_id(name, public), "the head's key is another")
        check(ed25519_verify(public, signed.encode(), blob[4:]), "the head's signature doesn't hold")


def split_row(value):
    """What the first digest covers of a row, and its links; no links of a tombstone."""
    if value[2] == 2:
        return value, None
    length, count = int.from_bytes(value[21:25], "big"), int.from_bytes(value[25:27], "big")
    at = 27 + (32 if count else 0) + 88 + min(length, INLINE)
    return value[:at], value[at:]


def index_version_key(index_key, collection, index, version):
    bound_to = context("index", collection, u16(index), u16(version))
    return expand(index_key, LABEL + b"index-version" + bound_to, 32)


def uuid(data):
    text = data.hex()
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def node(left, right):
    return sha256(b"\x01", left, right)


def root(hashes):
    """RFC 6962, section 2.1."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return node(root(hashes[:half]), root(hashes[half:]))


def frontier(hashes):
    """The roots of the full subtrees, the largest first."""
    edge = []
    while hashes:
        full = 1 << len(hashes).bit_length() - 1
        edge.append(root(hashes[:full]))
        hashes = hashes[full:]
    return edge


def key_id(name, public):
    return sha256(name.encode(), b"\n\x01", public)[:4]


def journal_entry(data):
    """The items of an entry that are always there, and the names of fields."""
    reader, items = Reader(data), {}
    while reader.rest:
        tag = reader.number(1)
        check(all(tag > other for other in items), "tags are out of order")
        items[tag] = reader.counted(2)
    outcome = Reader(items[3])
    kind, code, rule = outcome.number(1), outcome.counted(2).decode(), outcome.counted(2).decode()
    entry = {
        "time": struct.unpack(">q", items[1])[0],
        "act": items[2].decode(),
        "outcome": [{1: "permitted", 2: "denied", 3: "failed"}[kind], code, rule],
    }
    if 4 in items:
        entry["actor"] = items[4].decode()
    return entry

#!/usr/bin/env python3
"""Decodes whole vaults with no other help than src/format/FORMAT.md.

    decode_row.py VECTORS             decodes the vault of the vectors from its key file's text down to every field, and
                                      compares what it finds, step by step, with what the vectors say is there
    decode_row.py --print VAULT       decodes a vault, given as a JSON object of the same form, and prints what is in it

The form: {"key_file": text, "files": {path: hexadecimal}, "store": [[key, value], ...]}.
"""

import json
import sys

import strongroom as s


def load(vault):
    files = {name: bytes.fromhex(data) for name, data in vault["files"].items()}
    store = {bytes.fromhex(key): bytes.fromhex(value) for key, value in vault["store"]}
    return s.Vault(vault["key_file"], files, store)


def differences(found, wanted, at="vault"):
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted(found.keys() | wanted.keys(), key=str):
            yield from differences(found.get(key), wanted.get(key), f"{at} / {key}")
    elif found != wanted:
        yield f"{at}: found {found!r}, the vectors say {wanted!r}"


def vectors(path):
    with open(path, encoding="utf-8") as file:
        vault = json.load(file)["vault"]
    opened = load(vault)
    contents = opened.contents()
    wrong = list(differences(contents, vault["contents"]))
    for step in vault["steps"]:
        slot_key = opened.keyring.tenants[bytes.fromhex(step["tenant"])].trees[step["epoch"]].slot_key(step["slot"])
        if slot_key.hex() != step["slot_key"]:
            wrong.append(f"the key of slot {step['slot']} in epoch {step['epoch']} is {slot_key.hex()}")
        data_key = s.unwrap(slot_key, b"data-key", bytes.fromhex(step["wrap_context"]), bytes.fromhex(step["wrap"]))
        if data_key.hex() != step["data_key"]:
            wrong.append(f"the data key of {step['record']} is {data_key.hex()}")
    for search in vault["searches"]:
        tenant, collection = bytes.fromhex(search["tenant"]), bytes.fromhex(search["collection"])
        found = opened.find(tenant, collection, search["index"], search["version"], bytes.fromhex(search["term"]))
        if found != search["found"]:
            wrong.append(f"the term {search['term']} is in the entries of {found}")
    for tenant, epoch, slot in vault["erased"]:
        try:
            opened.keyring.tenants[bytes.fromhex(tenant)].trees[epoch].slot_key(slot)
            wrong.append(f"slot {slot} of epoch {epoch} has a key")
        except s.Erased:
            pass
    for line in wrong:
        print(line)
    rows = [row for t in contents["tenants"].values() for c in t["collections"].values() for row in c["rows"].values()]
    print(f"{len(rows)} rows, {len(vault['steps'])} of them step by step, {len(contents['journal'])} blocks: "
          + (f"{len(wrong)} differences" if wrong else "all as the vectors say"))
    return 1 if wrong or not rows or not vault["steps"] else 0


def main(arguments):
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        return vectors(arguments[0])
    if len(arguments) == 2 and arguments[0] == "--print":
        with open(arguments[1], encoding="utf-8") as file:
            print(json.dumps(load(json.load(file)).contents(), ensure_ascii=False))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

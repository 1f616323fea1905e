#!/usr/bin/env python3
"""Import circles between the files of src/, and arrows up between the rooms of src/vault/; tests are left out.

    circles.py LARGEST ROOM...

No circle may have more than LARGEST files. The rooms are the folders of src/vault/ and the files beside them, lowest
first: a file may use what stands in its own room and in lower ones. Prints the largest circle, and each breach on a line
of its own that begins with `house: `; exits with 1 if there is one.

Reads `use` and paths as text, so it sees neither macros' paths nor methods. A re-export counts as what it names, and a
parent's re-export of its child isn't an arrow. `foo.rs` beside `foo/` and `foo/mod.rs` are one to it.
"""

import re
import sys
from pathlib import Path

SRC = Path("src")
ROOMS_OF = "vault"


def is_test(part):
    return part in ("tests", "test") or part.startswith("tests_") or part.endswith("_tests")


def modules():
    """Each module's path within the crate, and its file."""
    files = {}
    for file in sorted(SRC.rglob("*.rs")):
        parts = list(file.relative_to(SRC).with_suffix("").parts)
        if parts[-1] in ("mod", "lib"):
            parts.pop()
        if not any(map(is_test, parts)):
            files[tuple(parts)] = file
    return files


def code(file):
    """The text without comments, the contents of literals, and the tests at its end."""
    text = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8"))
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    return text.split("#[cfg(test)]\nmod tests {")[0]


def branches(tree, prefix=()):
    """The paths of a `use`: `a::{b, c::d}` has two."""
    found, depth, branch = [], 0, ""
    for char in tree + ",":
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            head, brace, inner = branch.partition("{")
            path = prefix + tuple(word.strip() for word in head.split(" as ")[0].split("::") if word.strip())
            if brace:
                found += branches(inner.rsplit("}", 1)[0], path)
            elif path:
                found.append(path)
            branch = ""
        else:
            branch += char
    return found


USE = re.compile(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")


class Crate:
    def __init__(self):
        self.files = modules()
        self.names = {module: list(self.named(module, code(file))) for module, file in self.files.items()}
        self.exported = {}  # (module, name): the module that the name is re-exported from
        for module, names in self.names.items():
            for public, path in names:
                there, name = self.resolved(module, path)
                if public and name and there not in (None, module):
                    self.exported[module, name] = there
        self.arrows = {module: set(self.arrows_of(module)) for module in self.files}

    def named(self, module, text):
        """Every path that the file names, and whether it re-exports it."""
        for public, tree in USE.findall(text):
            yield from ((bool(public), path) for path in branches(" ".join(tree.split())))
        text = USE.sub("", text)
        for path in re.findall(r"\b(?:crate|super|self)(?:::\w+)+", text):
            yield False, tuple(path.split("::"))
        for head, name in re.findall(r"(?<![:\w])([a-z_]\w*)::(\w+)", text):
            if module + (head,) in self.files:
                yield False, (head, name)

    def resolved(self, here, path):
        """The module that a path leads to, and the name within it."""
        head = path[0]
        if head == "crate":
            at, path = (), path[1:]
        elif head == "self":
            at, path = here, path[1:]
        elif head == "super":
            at = here
            while path and path[0] == "super":
                at, path = at[:-1], path[1:]
        elif here + (head,) in self.files:
            at = here
        else:
            return None, None
        while path and at + (path[0],) in self.files:
            at, path = at + (path[0],), path[1:]
        return at, path[0] if path else None

    def arrows_of(self, module):
        for public, path in self.names[module]:
            there, name = self.resolved(module, path)
            seen = set()
            while (there, name) in self.exported and (there, name) not in seen:
                seen.add((there, name))
                there = self.exported[there, name]
            of_child = public and there is not None and there[: len(module)] == module
            if there and there in self.files and there != module and not of_child:
                yield there

    def circles(self):
        """Every circle of two files and more, largest first (Tarjan, 1972)."""
        order, low, stack, found = {}, {}, [], []

        def visit(module):
            order[module] = low[module] = len(order)
            stack.append(module)
            for other in self.arrows[module]:
                if other not in order:
                    visit(other)
                    low[module] = min(low[module], low[other])
                elif other in stack:
                    low[module] = min(low[module], order[other])
            if low[module] == order[module]:
                at = stack.index(module)
                found.append(sorted(stack[at:]))
                del stack[at:]

        sys.setrecursionlimit(10_000)
        for module in self.arrows:
            if module not in order:
                visit(module)
        return sorted((circle for circle in found if len(circle) > 1), key=len, reverse=True)

    def arrows_up(self, rooms):
        """A line for each arrow from a room to one above it, and for each room that isn't in the list."""
        inside = {module: module[1] for module in self.files if module[0:1] == (ROOMS_OF,) and len(module) > 1}
        for room in sorted(set(inside.values()) - set(rooms)):
            yield f"src/{ROOMS_OF}/{room}: it isn't in the list of rooms: give it its place in .ci/house"
        for module, room in sorted(inside.items()):
            for other in sorted(self.arrows[module]):
                there = inside.get(other, room)
                if {room, there} <= set(rooms) and rooms.index(there) > rooms.index(room):
                    yield f"{self.files[module]}: an arrow up, from {room} to {there} ({self.files[other]})"


def main(largest, *rooms):
    crate = Crate()
    circles = crate.circles()
    breaches = [
        f"a circle of {len(circle)} files, more than {largest}: {' '.join('/'.join(module) for module in circle)}"
        for circle in circles
        if len(circle) > int(largest)
    ]
    breaches += crate.arrows_up(rooms)
    size = len(circles[0]) if circles else 0
    shown = f": {' '.join('/'.join(module) for module in circles[0])}" if 1 < size <= 12 else ""
    print(f"The largest import circle has {size} of {len(crate.files)} files{shown}")
    for breach in breaches:
        print(f"house: {breach}")
    sys.exit(bool(breaches))


main(*sys.argv[1:])

#!/usr/bin/env bash
# sfzlint 0.1.4 (lark-parser 0.12.0).
# Guess: an opcode's value ends where its line ends, so default_path=samples/, the usual way to name a folder in SFZ, is
#   the text "samples/".
# Seen: a value that ends in "/" goes on over the line break and takes the next word with it: the value is
#   "samples/\n<global>", the header <global> is gone, and all files of its regions are told to be missing. Without the
#   slash, or with a space and another opcode behind it, the file is read as it stands.
# What helps: samples named by their whole path from the SFZ file, without default_path.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet sfzlint==0.1.4 lark-parser==0.12.0
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from sfzlint.parser import parser

SFZ = "<control>\ndefault_path={}\n<global> volume=0\n<region> sample=a.wav key=36\n"


def read(path: str) -> tuple[str, list[str]]:
    """The value of default_path, and the headers that are found."""
    tree = parser().parse(SFZ.format(path))
    opcodes = {str(x.children[0]): str(x.children[1]) for x in tree.iter_subtrees() if x.data == "opcode_exp"}
    return opcodes["default_path"], [str(x.children[0]) for x in tree.iter_subtrees() if x.data == "header"]


for path in ("samples/", "samples"):
    print(repr(path), *map(repr, read(path)))
value, headers = read("samples/")
assert value == "samples/\n<global>" and "global" not in headers
value, headers = read("samples")
assert value == "samples" and sorted(headers) == ["control", "global", "region"]
PYTHON

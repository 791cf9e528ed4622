#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2 inside its wheel), numpy 2.4.6.
# Guess: a text chunk of an AIFF file, which AIFF 1.3 lets be of any length, may be as long as other chunks may.
# Seen: with an annotation (ANNO) or a name (NAME) of 8,190 bytes, or an author (AUTH) or copyright of 10,000, the file
#   is refused: "Unspecified internal error.". With one of 5,000 it opens, and with the same 200,000 bytes in an APPL
#   chunk it opens too. The text is taken into the bounded buffer of a header; other chunks are passed over.
# What helps: reading through a file object that shows such a chunk under a name which libsndfile passes over.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet soundfile==0.14.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import io
import struct

import numpy as np
import soundfile

made = io.BytesIO()
soundfile.write(made, np.linspace(-0.5, 0.5, 100), 16000, format="AIFF", subtype="PCM_16")
chunks = made.getvalue()[12:]
assert chunks[:4] == b"COMM"
common = 8 + struct.unpack(">I", chunks[4:8])[0]


def opens(name: bytes, size: int) -> bool:
    """Whether the same sound is read with a chunk of `size` letters after its first chunk."""
    body = chunks[:common] + name + struct.pack(">I", size) + b"x" * size + chunks[common:]
    try:
        samples, _ = soundfile.read(io.BytesIO(b"FORM" + struct.pack(">I", 4 + len(body)) + b"AIFF" + body))
    except soundfile.LibsndfileError:
        return False
    return len(samples) == 100


print("libsndfile", soundfile.__libsndfile_version__)
for name, short, long in ((b"ANNO", 5000, 8190), (b"NAME", 5000, 8190), (b"AUTH", 5000, 10000), (b"(c) ", 5000, 10000)):
    print(name.decode(), opens(name, short), opens(name, long))
    assert opens(name, short) and not opens(name, long), name
print("APPL", opens(b"APPL", 200000))
assert opens(b"APPL", 200000)
PYTHON

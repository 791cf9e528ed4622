#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2 inside its wheel), numpy 2.4.6.
# Guess: a file that is read on in pieces, without a seek, gives the samples that one read of the whole gives.
# Seen: so it is for FLAC and OGG, and for this MP3 at 44,100 Hz. Of the same sound as MP3 at 22,050 Hz, mono, which
#   libsndfile wrote itself, some 470 of 132,300 samples are wrong when it is read 10,000 at a time, by up to .2 of full
#   scale, at borders of pieces; no error is raised (libmpg123 complains on the error stream). soundfile seeks to where
#   it already stands after each read of a file that can be sought in (SoundFile._array_io), and the decoder, which has
#   lost the bit reservoir, goes on with damaged frames.
# What helps: a file object whose seekable() is False after opening, or one read of the whole.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet soundfile==0.14.0 numpy==2.4.6
"$folder/env/bin/python" - 2>"$folder/errors" <<'PYTHON'
import io

import numpy as np
import soundfile


def wrong(rate: int, format: str, subtype: str) -> tuple[int, float]:
    """How many samples differ between pieces and whole, and by how much at the most."""
    n = 6 * rate
    noise = 0.1 * np.random.default_rng(0).standard_normal(n)
    sound = (0.3 * np.sin(2 * np.pi * 440.0 * np.arange(n) / rate) + noise).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=format, subtype=subtype)
    file.seek(0)
    whole, _ = soundfile.read(file, dtype="float32")
    file.seek(0)
    pieces = []
    with soundfile.SoundFile(file) as opened:
        while len(piece := opened.read(10_000, dtype="float32")):
            pieces.append(piece)
    apart = np.abs(np.concatenate(pieces) - whole)
    return int((apart > 1e-3).sum()), float(apart.max())


print(f"soundfile {soundfile.__version__}, {soundfile.__libsndfile_version__}")
found = {(rate, format): wrong(rate, format, subtype) for rate, format, subtype in (
    (22050, "MP3", "MPEG_LAYER_III"), (44100, "MP3", "MPEG_LAYER_III"), (22050, "OGG", "VORBIS"), (22050, "FLAC", "PCM_16"),
)}
for (rate, format), (count, most) in found.items():
    print(f"{format} {rate} Hz: {count} samples differ, by {most:.3f} at the most")
assert found[22050, "MP3"][0] > 100 and found[22050, "MP3"][1] > 0.1
assert all(count == 0 for which, (count, _) in found.items() if which != (22050, "MP3"))
PYTHON

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Make the data that the demo's programs load, from the texts at hand.

dataset.py DIR LIMIT_MB: cuts the texts of the packages on this system into
passages, as a search service does, and writes into DIR
  passages.bin   their bytes, one after the other
  offsets.npy    where each begins
  vectors.npy    a vector for each
  passages.json  [[name, text], ...]
  passages.resp  the same as commands for redis-cli --pipe
"""
import json
import pathlib
import sys
import zlib

import numpy

SOURCES = [("/usr/lib/python3", "*.py"), ("/usr/share", "*.txt"),
           ("/usr/share/doc", "copyright")]
PASSAGE = 4000
DIMENSIONS = 1024


def passages(limit):
    """(name, text) from the system's texts, in the same order each time."""
    for root, pattern in SOURCES:
        for path in sorted(pathlib.Path(root).rglob(pattern)):
            text = path.read_bytes().decode("ascii", errors="replace")
            text = text.replace("\ufffd", "?")
            for at in range(0, len(text), PASSAGE):
                limit -= PASSAGE
                if limit < 0:
                    return
                yield f"{path}:{at}", text[at:at + PASSAGE]


def vector(text):
    """How often each (hashed) word occurs, as a unit vector."""
    words = [zlib.crc32(word.encode()) % DIMENSIONS for word in text.split()]
    counts = numpy.bincount(words, minlength=DIMENSIONS)
    return (counts / max(1.0, numpy.linalg.norm(counts))).astype("float32")


def resp(*words):
    """One command in the protocol of redis."""
    out = b"*%d\r\n" % len(words)
    for word in words:
        data = word.encode()
        out += b"$%d\r\n%s\r\n" % (len(data), data)
    return out


def main():
    out, limit = pathlib.Path(sys.argv[1]), int(sys.argv[2]) << 20
    items = list(passages(limit))
    texts = [text for _, text in items]
    (out / "passages.bin").write_bytes("".join(texts).encode())
    numpy.save(out / "offsets.npy", numpy.cumsum([0] + list(map(len, texts))))
    numpy.save(out / "vectors.npy", numpy.array([vector(t) for t in texts]))
    (out / "passages.json").write_text(json.dumps(items))
    with open(out / "passages.resp", "wb") as pipe:
        for item in items:
            pipe.write(resp("SET", *item))


main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A Python service: large modules, and the passages with their vectors.

worker.py DATA SOCKET: loads all, then answers each connection to SOCKET with
a checksum over everything it keeps.
"""
import pathlib
import socket
import sys
import zlib

import django.contrib.auth.hashers
import django.core.handlers.wsgi
import django.db.models
import django.template.defaultfilters
import numpy
import sympy


class Passages:
    """What a search needs: the texts, where each begins, and the vectors."""

    def __init__(self, data):
        self.texts = (data / "passages.bin").read_bytes()
        self.offsets = numpy.load(data / "offsets.npy")
        self.vectors = numpy.load(data / "vectors.npy")

    def nearest(self, number):
        """The passage most like the one with that number."""
        likeness = self.vectors @ self.vectors[number]
        likeness[number] = 0
        return int(likeness.argmax())

    def checksum(self):
        total = zlib.crc32(self.texts)
        for array in self.offsets, self.vectors:
            total = zlib.crc32(array.data, total)
        return total


def answer(passages):
    x = sympy.Symbol("x")
    integral = sympy.integrate(sympy.cos(x) * x, x)
    return " ".join((f"{passages.checksum():08x}", str(passages.nearest(7)),
                     str(integral), django.get_version()))


def main():
    passages = Passages(pathlib.Path(sys.argv[1]))
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[2])
    server.listen()
    while True:
        client, _ = server.accept()
        with client:
            client.sendall(answer(passages).encode() + b"\n")


main()

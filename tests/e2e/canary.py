"""Looks for keys in all that a program leaves, however they are written there.

    canary.hits(canary.below(folder), ["sk-…"])   # ["run.db: … (base64)", …]
"""

import base64
import binascii
import contextlib
import html
import json
import re
import sqlite3
import urllib.parse
import zlib

PART = 14  # Consecutive characters of a key that betray it.


def forms(secret):
    """Bytes that stand for a secret -> how they are written."""
    raw = secret.encode()
    found = {raw: "as it is"}
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # What stands before shifts the digits; those that it shares go.
            text = encode(b"x" * before + raw)
            keep = slice((before * 8 + 5) // 6, (before + len(raw)) * 8 // 6)
            found[text[keep]] = "base64"
    for safe in ("", "/", "!*'();:@&=+$,/?#[]"):
        found.setdefault(urllib.parse.quote(secret, safe).encode(), "URL")
        found.setdefault(
            urllib.parse.quote(urllib.parse.quote(secret, safe)).encode(), "URL")
    found.setdefault(urllib.parse.quote_plus(secret).encode(), "URL")
    found.setdefault(raw.hex().encode(), "hex")
    found.setdefault(raw.hex().upper().encode(), "hex")
    escaped = secret
    for _ in range(2):
        escaped = json.dumps(escaped)[1:-1]
        found.setdefault(escaped.encode(), "JSON")
        found.setdefault(escaped.replace("/", "\\/").encode(), "JSON")
    found.setdefault(html.escape(secret).encode(), "HTML")
    found.setdefault(html.escape(secret, quote=False).encode(), "HTML")
    for i in range(len(raw) - PART + 1):
        found.setdefault(raw[i:i + PART], "in part")
    return found


def _unpacked(data):
    """Yields what is packed into the bytes: gzip, zlib, base64."""
    for match in re.finditer(rb"\x1f\x8b\x08", data):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(data[match.start():])
    for match in re.finditer(rb"stream\r?\n", data):  # A PDF's.
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj().decompress(data[match.end():])
    for match in re.finditer(rb"[A-Za-z0-9+/_-]{64,}={0,2}", data):
        text = match[0].translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        with contextlib.suppress(binascii.Error):
            yield base64.b64decode(text + b"=" * (-len(text) % 4))


def _rows(data):
    """Yields what a database holds: a long value is in pieces in its file."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.text_factory = bytes
        with contextlib.suppress(sqlite3.Error):
            db.deserialize(data)
            names = [row[0].decode() for row in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                for row in db.execute(f'SELECT * FROM "{name}"'):
                    yield b"\n".join(v if isinstance(v, bytes) else
                                     str(v).encode() for v in row)


def layers(data, depth=3):
    """Yields the bytes, and all that is packed into them."""
    yield data
    if depth == 0:
        return
    if data.startswith(b"SQLite format 3\0"):
        # Read as it is without its log, which is searched by itself.
        plain = data[:18] + b"\x01\x01" + data[20:]
        for row in _rows(plain):
            yield from layers(row, depth - 1)
    for inner in _unpacked(data):
        yield from layers(inner, depth - 1)


def below(folder):
    """Yields (name, bytes) of each file below a folder, and the names alone."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield f"the name {name}", name.encode()
        if path.is_symlink() or not path.is_file():
            continue
        yield name, path.read_bytes()


def hits(places, secrets):
    """Says where a secret is, of (name, bytes)."""
    wanted = {form: how for secret in secrets
              for form, how in forms(secret).items()}
    # The longest first: it is named by its best name.
    pattern = re.compile(b"|".join(
        re.escape(f) for f in sorted(wanted, key=len, reverse=True)))
    found = []
    for name, data in places:
        for layer in layers(data):
            match = pattern.search(layer)
            if match:
                around = layer[max(0, match.start() - 60):match.end() + 20]
                found.append(f"{name}: {around!r} ({wanted[match[0]]})")
    return found

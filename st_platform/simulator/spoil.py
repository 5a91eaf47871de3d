"""Carries out what a fault rule does to an answer before it is sent. Pure but for the gzip it fakes."""

from __future__ import annotations

import gzip
import json
import zlib

import msgspec

from st_platform.simulator.answers import Answer
from st_platform.simulator.faults import RowChange, Rule

_ROW = msgspec.json.Decoder(dict[str, msgspec.Raw])


class ConnectionCut(Exception):
    """Raised inside the application so that the server drops the connection in the middle of a body."""


def spoil(answer: Answer, rule: Rule) -> None:
    """Change headers, envelope and rows in place, as the rule says."""
    answer.headers.update(rule.headers)
    for name, value in rule.envelope.items():
        if value is None:
            answer.envelope.pop(name, None)
        elif name == "data":
            answer.rows = [bytes(raw).decode() for raw in msgspec.json.decode(value, type=list[msgspec.Raw])]
        else:
            answer.envelope[name] = value
    for change in rule.rows:
        if answer.rows:
            answer.rows = _changed(answer.rows, change)


def body_pieces(answer: Answer, payload: bytes, rule: Rule) -> bytes:
    """The body under the rule's own encoding; sets the header that goes with it."""
    if rule.encoding == "identity":
        return payload
    answer.headers["Content-Encoding"] = "gzip"
    if rule.encoding == "bomb":
        return _bomb(rule.bomb_bytes)
    packed = bytearray(gzip.compress(payload, compresslevel=1))
    packed[-8] ^= 0xFF  # the checksum
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def _changed(rows: list[str], change: RowChange) -> list[str]:
    result: list[str] = []
    for index, row in enumerate(rows):
        if change.row is not None and index != change.row % len(rows):
            result.append(row)
            continue
        fields = {name: bytes(raw).decode() for name, raw in _ROW.decode(row).items()} | change.raw
        kept = (f"{json.dumps(name)}:{value}" for name, value in fields.items() if name not in change.drop)
        spoiled = "{" + ",".join(kept) + "}"
        result.extend([row, spoiled] if change.duplicate else [spoiled])
    return result


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * 2**20
    packed = [packer.compress(piece) for _ in range(size // len(piece))]
    return b"".join([*packed, packer.flush()])

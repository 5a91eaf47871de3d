"""Pieces of JSON that no strict parser accepts as a whole: how deep they nest, and what their members are.

Counts brackets outside strings, without recursion and without judging values, so that a row with `NaN` or a hundred
thousand brackets in one field can still say which field that is. Knows JSON's punctuation and nothing else.
"""

from __future__ import annotations

import re

_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},:]', re.DOTALL)
_OPENING = b"[{"
_CLOSING = b"]}"


def depth_of(text: bytes) -> int:
    """How deep brackets nest in a piece of JSON, counted outside strings. Never recurses.

    >>> depth_of(b'{"a": [1, {"b": "[[["}]}')
    3
    """
    depth = deepest = 0
    for token in _TOKENS.finditer(text):
        first = token.group()[0]
        if first in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif first in _CLOSING:
            depth -= 1
    return deepest


def cut_object(text: bytes) -> list[tuple[bytes, bytes]] | None:
    """The members of one object as (quoted key, value), in order and with repetitions; None when it is no object.

    >>> cut_object(b'{"id": 1, "total": NaN}')
    [(b'"id"', b'1'), (b'"total"', b'NaN')]
    """
    members: list[tuple[bytes, bytes]] = []
    depth = 0
    key = b""
    value_start = -1
    for token in _TOKENS.finditer(text):
        part = token.group()
        first = part[0]
        if part == b'"' or (depth == 0 and (part != b"{" or members or text[: token.start()].strip())):
            return None
        if first in _OPENING:
            depth += 1
        elif depth == 1 and part == b":" and value_start < 0:
            value_start = token.end()
        elif depth == 1 and part in (b",", b"}"):
            if value_start >= 0:
                members.append((key, text[value_start : token.start()].strip()))
            elif key or members or part == b",":
                return None
            key = b""
            value_start = -1
            depth -= part == b"}"
        elif first in _CLOSING:
            depth -= 1
        elif depth == 1 and value_start < 0:
            key = part
        if depth == 0 and text[token.end() :].strip():
            return None
    return members if depth == 0 and text.lstrip().startswith(b"{") else None


def cut_array(text: bytes) -> list[bytes] | None:
    """The elements of one array, in order; None when it is no array.

    >>> cut_array(b'[{"a": 1}, NaN]')
    [b'{"a": 1}', b'NaN']
    """
    if not text.lstrip().startswith(b"["):
        return None
    elements: list[bytes] = []
    depth = begin = 0
    for token in _TOKENS.finditer(text):
        part = token.group()
        if part == b'"' or (depth == 0 and begin):
            return None
        depth += (part[0] in _OPENING) - (part[0] in _CLOSING)
        if depth == 1 and not begin:
            begin = token.end()
        elif (depth == 1 and part == b",") or (depth == 0 and part == b"]"):
            elements.append(text[begin : token.start()].strip())
            begin = token.end()
    if depth or text[begin:].strip():
        return None
    return elements if elements != [b""] else []

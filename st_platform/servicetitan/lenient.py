"""Find the rows of a page whose JSON no strict parser accepts as a whole.

One row with `NaN`, a lone surrogate or a hundred thousand brackets makes the entire page unreadable. This module
cuts such a page into its rows by counting brackets outside strings, without recursion and without judging the
rows, so that the reader of rows can put the one bad row aside. It knows JSON's punctuation and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},:]', re.DOTALL)
_OPENING = b"[{"
_CLOSING = b"]}"


@dataclass(frozen=True)
class Cut:
    """`envelope` is the page with an empty `data` array; `rows` are the elements of the array, as they came."""

    envelope: bytes
    rows: tuple[bytes, ...]


def cut_page(body: bytes, *, array: bytes = b"data") -> Cut | None:
    """Cut `{"…": …, "data": [row, row, …]}` into envelope and rows; None when brackets or quotes do not match.

    A truncated page does not match, so half a page is never taken for a whole one.

    >>> cut_page(b'{"hasMore":false,"data":[{"id":1},{"id":NaN}]}').rows
    (b'{"id":1}', b'{"id":NaN}')
    """
    wanted = b'"' + array + b'"'
    stack = bytearray()
    key = b""
    expects_value = False
    begin = end = -1
    row_start = 0
    rows: list[bytes] = []
    for token in _TOKENS.finditer(body):
        text = token.group()
        first = text[0]
        inside = begin >= 0 and end < 0
        if text == b'"':
            return None
        if first in _OPENING:
            if len(stack) == 1 and first == b"["[0] and expects_value and key == wanted and begin < 0:
                begin = row_start = token.end()
            stack.append(first)
            expects_value = False
        elif first in _CLOSING:
            if not stack or _OPENING.index(stack.pop()) != _CLOSING.index(first):
                return None
            if inside and len(stack) == 1:
                end = token.start()
                last = body[row_start:end].strip()
                if last:
                    rows.append(last)
                elif rows:
                    return None
        elif first == b","[0]:
            if inside and len(stack) == 2:
                rows.append(body[row_start : token.start()].strip())
                row_start = token.end()
            expects_value = False
        elif len(stack) == 1:
            if first == b":"[0]:
                expects_value = True
            elif not expects_value:
                key = text
    if stack or end < 0:
        return None
    return Cut(envelope=body[:begin] + body[end:], rows=tuple(rows))


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

# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""One row of the table: a conversation, and why it is different on purpose if it is."""
import dataclasses
from typing import Callable, Optional

ROWS = []


@dataclasses.dataclass
class Row:
    name: str
    body: Callable
    slow: bool = False
    races: bool = False             # two requests may overtake each other: held again if it differs
    differs: Optional[str] = None   # a row that differs on purpose says why,
    ours: str = ''                  # and what ours must say all the same


def add(name, body, **options):
    if any(row.name == name for row in ROWS):
        raise ValueError(f'{name} is there twice')
    ROWS.append(Row(name, body, **options))


def talk(name, **options):
    """Makes a row of a function."""
    def register(body):
        add(name, body, **options)
        return body
    return register

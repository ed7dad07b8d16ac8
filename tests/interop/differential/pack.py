# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""MessagePack as far as the conversations need it."""
import struct


class Raw(bytes):
    """Bytes that are already encoded."""


def _head(length, fix, fix_limit, *codes):
    if length < fix_limit:
        return bytes([fix | length])
    for code, width in codes:
        if length < 1 << (8 * width):
            return bytes([code]) + length.to_bytes(width, 'big')
    raise ValueError('too long')


def _integer(value):
    if -32 <= value < 128:
        return struct.pack('b', value)
    if value >= 0:
        for code, form, limit in ((0xcc, '>B', 8), (0xcd, '>H', 16), (0xce, '>I', 32), (0xcf, '>Q', 64)):
            if value < 1 << limit:
                return bytes([code]) + struct.pack(form, value)
    for code, form, limit in ((0xd0, '>b', 7), (0xd1, '>h', 15), (0xd2, '>i', 31), (0xd3, '>q', 63)):
        if value >= -(1 << limit):
            return bytes([code]) + struct.pack(form, value)
    raise ValueError('out of range')


def pack(value):
    if isinstance(value, Raw):
        return bytes(value)
    if value is None or isinstance(value, bool):
        return {None: b'\xc0', False: b'\xc2', True: b'\xc3'}[value]
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b'\xcb' + struct.pack('>d', value)
    if isinstance(value, str):
        data = value.encode()
        return _head(len(data), 0xa0, 32, (0xd9, 1), (0xda, 2), (0xdb, 4)) + data
    if isinstance(value, bytes):
        return _head(len(value), 0, 0, (0xc4, 1), (0xc5, 2), (0xc6, 4)) + value
    if isinstance(value, list):
        return _head(len(value), 0x90, 16, (0xdc, 2), (0xdd, 4)) + b''.join(map(pack, value))
    if isinstance(value, dict):
        return _head(len(value), 0x80, 16, (0xde, 2), (0xdf, 4)) + b''.join(pack(k) + pack(v) for k, v in value.items())
    raise TypeError(value)


def frame(body):
    """A message with its length before it."""
    length, prefix = len(body), b''
    while True:
        length, low = length >> 7, length & 0x7f
        prefix += bytes([low | (0x80 if length else 0)])
        if not length:
            return prefix + body


def split(data):
    """Whole messages and what is left."""
    messages = []
    while data:
        length = shift = at = 0
        while at < len(data):
            length |= (data[at] & 0x7f) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        else:
            break
        if len(data) - at < length:
            break
        messages.append(data[at:at + length])
        data = data[at + length:]
    return messages, data

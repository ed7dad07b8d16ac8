# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Hub messages in MessagePack."""
import math

from pack import Raw, frame, pack
from rows import add

END = [1, {}, 'end', 'EchoString', ['end'], []]


def said(name, *records, path='/hub', **options):
    def hold(t):
        ws = t.connect(path, msgpack=True)
        ws.tell(*records, END)
        ws.hear_completion('end')
    add(f'msgpack/{name}{"" if path == "/hub" else path}', hold, **options)


def both(name, *records, **options):
    said(name, *records, **options)
    said(name, *records, path='/detailed', **options)


def call(target, *arguments, id='1', headers=None, streams=None):
    return [1, headers or {}, id, target, list(arguments), streams or []]


def raw(text):
    return Raw(bytes.fromhex(text))


def echo(kind, name, value, **options):
    said(f'bind/{kind}-{name}', call('Echo' + kind, value), **options)


# --- values ---

for value in ('', 'a', 'é€\U0001f680', 'x' * 31, 'x' * 32, 'x' * 256, 'x' * 20000):
    echo('String', f'{value[:5]}-{len(value)}', value)
for name, value in {'bin': b'abc', 'integer': 1, 'array': []}.items():
    echo('String', name, value)
for kind, good, bad in (
        ('Byte', (0, 127, 128, 255), (256, -1)), ('Short', (-32768, 32767, -1), (32768,)), ('UShort', (65535,), (65536, -1)),
        ('Int', (0, -1, -32, -33, 127, 128, 65536, 2147483647, -2147483648), (2147483648, -2147483649)),
        ('UInt', (4294967295,), (4294967296, -1)), ('Long', (2**63 - 1, -2**63, 2**32), (2**63,)), ('ULong', (2**64 - 1, 0), (-1,))):
    for value in good + bad:
        echo(kind, value, value)
for name, value in {'nil': None, 'true': True, 'float': 1.0, 'string': '1'}.items():
    echo('Int', name, value)
for name, text in {'uint8': 'cc01', 'uint64': 'cf0000000000000001', 'int8': 'd001', 'int64': 'd3ffffffffffffffff'}.items():
    echo('Int', 'wide-' + name, raw(text))
for value in (0.0, -0.0, 1.5, 1e308, 5e-324, math.inf, -math.inf, math.nan, 3, -3, 2**64 - 1):
    echo('Double', value, value)
echo('Double', 'float32', raw('ca3fc00000'))
for name, value in {'nil': None, 'string': '1', 'true': True}.items():
    echo('Double', name, value)
for value in (True, False):
    echo('Bool', value, value)
for name, value in {'nil': None, 'integer': 1}.items():
    echo('Bool', name, value)
for name, value in {'empty': b'', 'three': b'\0\1\xff', '256': b'x' * 256, 'string': 'abc', 'array': [1, 2, 3], 'array-over': [1, 256]}.items():
    echo('Bytes', name, value)
for name, value in {'empty': [], 'some': [1, -2, 70000], 'sixteen': list(range(16)), 'nil-inside': [None], 'map': {}, 'bin': b'ab'}.items():
    echo('Ints', name, value)
for name, value in {'some': ['a', 'é'], 'integer-inside': [1]}.items():
    echo('Strings', name, value)
for name, value in {'empty': {}, 'some': {'b': 1, 'a': 2}, 'wrong-value': {'a': 'x'}, 'integer-key': {1: 1}, 'array': []}.items():
    echo('Map', name, value)
echo('Map', 'duplicate-key', raw('82a16101a16102'))
for name, value in {'nil': None, '1': 1, 'string': 'x'}.items():
    echo('Maybe', name, value)
for name, value in {'nil': None, 'true': True, '1': 1, '-200': -200, '1.5': 1.5, 'string': 'x', 'bin': b'ab', 'array': [True, ['a', None]],
                    'map': {'a': {'b': 'c'}}, 'uint64': 2**64 - 1}.items():
    echo('Any', name, value)
SHORTEST = 'an integer is written in its shortest form, wherever it is'
echo('Any', 'array-integers', [1, 300], differs=SHORTEST, ours='039201cd012c')
echo('Any', 'map-integers', {'a': {'b': 1}}, differs=SHORTEST, ours='81a16201')
NO_NULL = 'a GVariant list or dictionary cannot be null; the nearest is the empty one'
echo('String', 'nil', None)
echo('Bytes', 'nil', None, differs=NO_NULL, ours='03c400')
echo('Ints', 'nil', None, differs=NO_NULL, ours='0390')
echo('Map', 'nil', None, differs=NO_NULL, ours='0380')

echo('String', 'nul', 'a\0b', differs='a string with a NUL in it is none for C: the argument is refused', ours='950380a13101')

# --- calls ---

said('call/nothing', call('Nothing'))
said('call/five-elements', [1, {}, '1', 'EchoString', ['x']])
said('call/seven-elements', [1, {}, '1', 'EchoString', ['x'], [], 'more'])
said('call/no-id', call('EchoString', 'x', id=None))
said('call/empty-id', call('EchoString', 'x', id=''))
said('call/name-in-any-case', call('eCHOsTRING', 'x'))
said('call/headers', call('EchoString', 'x', headers={'a': 'b', 'c': 'd'}))
said('call/streamIds-nil', [1, {}, '1', 'EchoString', ['x'], None])
said('call/long-forms', Raw(frame(bytes.fromhex('dc0006' 'd20000000180') + b'\xd9\x011' + b'\xda\x00\x0aEchoString' + b'\xdd\0\0\0\1' + b'\xdb\0\0\0\1x' + b'\x90')))
both('call/fail', call('Fail', 'no luck'))
both('call/unknown', call('NoSuch', 1))
both('call/too-few', call('Two', 'x'))
both('call/too-many', call('Two', 'x', 1, 2))
both('call/wrong-type', call('Two', 1, 1))
both('call/unauthorized', call('Secret'))
both('call/plain-as-stream', [4, {}, '1', 'EchoString', ['x'], []])
both('call/stream-as-plain', call('Count', 3))
both('call/uploads-missing', call('Collect'))
said('call/uploads-unexpected', call('EchoString', 'x', streams=['s']))
said('call/big', call('Big', 70000))
said('call/prefix-not-minimal', Raw(bytes([len(pack(call('EchoString', 'x'))) | 0x80, 0x00]) + pack(call('EchoString', 'x'))))
said('call/bytes-behind', Raw(frame(pack(call('EchoString', 'x')) + b'abc')))
said('call/header-longer', Raw(frame(b'\x97' + pack(call('EchoString', 'x'))[1:])))
said('call/invalid-utf8', Raw(frame(bytes.fromhex('960180') + b'\xa11' + b'\xaaEchoString' + b'\x91\xa2a\xff' + b'\x90')))
said('call/target-invalid-utf8', Raw(frame(bytes.fromhex('960180') + b'\xa11' + b'\xa2E\xff' + b'\x90' + b'\x90')))
for name, arguments in {'missing': None, 'nil': 'c0', 'map': '80', 'string': 'a0', 'too-few-values': '93a178', 'huge': 'dd80000000'}.items():
    body = bytes.fromhex('960180') + b'\xa11' + b'\xaaEchoString' + bytes.fromhex(arguments or '')
    both('call/arguments-' + name, Raw(frame(body)))

# --- messages ---

for name, value in {
        'ping': [6], 'ping-with-more': [6, 1], 'close': [7, None], 'close-3': [7, None, False], 'close-reconnect': [7, None, True], 'close-error': [7, 'mine', True],
        'ack': [8, 1], 'sequence': [9, 1], 'completion-unknown': [3, {}, 'x', 3, 1], 'completion-void': [3, {}, 'x', 2], 'completion-error': [3, {}, 'x', 1, 'e'],
        'cancel-unknown': [5, {}, 'x'], 'item-unknown': [2, {}, 'x', 1]}.items():
    said('message/' + name, value)
for name, value in {
        'empty-array': [], 'type-string': ['1'], 'type-nil': [None], 'type-huge': [2**31], 'id-number': [1, {}, 1, 'Nothing', [], []], 'id-bin': [1, {}, b'1', 'Nothing', [], []],
        'target-nil': [1, {}, '1', None, [], []], 'target-empty': [1, {}, '1', '', [], []], 'target-number': [1, {}, '1', 1, [], []],
        'headers-nil': [1, None, '1', 'Nothing', [], []], 'headers-array': [1, [], '1', 'Nothing', [], []], 'header-key-number': [1, {1: 'a'}, '1', 'Nothing', [], []],
        'header-value-number': [1, {'a': 1}, '1', 'Nothing', [], []], 'header-value-nil': [1, {'a': None}, '1', 'Nothing', [], []],
        'streamIds-string': [1, {}, '1', 'Nothing', [], 'x'], 'streamIds-nil-inside': [1, {}, '1', 'Nothing', [], [None]], 'streamIds-empty-inside': [1, {}, '1', 'Nothing', [], ['']],
        'stream-id-nil': [4, {}, None, 'Count', [1], []], 'stream-id-empty': [4, {}, '', 'Count', [1], []], 'stream-target-nil': [4, {}, '1', None, [1], []],
        'item-id-nil': [2, {}, None, 1], 'item-id-empty': [2, {}, '', 1], 'completion-id-nil': [3, {}, None, 2], 'completion-kind-4': [3, {}, 'x', 4, 1],
        'completion-kind-string': [3, {}, 'x', '3', 1], 'completion-error-number': [3, {}, 'x', 1, 1], 'cancel-id-nil': [5, {}, None], 'cancel-id-empty': [5, {}, ''],
        'ack-string': [8, 'x'], 'ack-missing': [8], 'sequence-nil': [9, None], 'close-number': [7, 1], 'close-reconnect-number': [7, None, 1], 'call-short': [1, {}], 'type-only': [1]}.items():
    both('bad/' + name, value)
for name, value in {'map': raw('80'), 'string': raw('a178'), 'nil': raw('c0'), 'never-used': raw('c1'), 'length-0': b'', 'half-string': Raw(frame(bytes.fromhex('960180a5')))}.items():
    both('bad/body-' + name, Raw(frame(bytes(value))) if name != 'half-string' else value)
both('bad/length-over-2-gb', raw('8080808008'))
both('bad/length-6-bytes', raw('808080808001'))
for name, size in {'exactly': 1024, 'over': 1025}.items():
    empty = len(frame(pack(call('EchoString', 'x' * 500)))) - 500
    said('limit/' + name, call('EchoString', 'x' * (size - empty)), path='/limit')

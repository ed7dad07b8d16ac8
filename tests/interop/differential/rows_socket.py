# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""WebSocket framing: what RFC 6455 allows, and what it does not."""
import struct

from rows import add, talk
from talk import BINARY, CLOSE, PING, PONG, TEXT

CALL = b'{"type":1,"invocationId":"end","target":"EchoString","arguments":["end"]}\x1e'


def frames(name, *sent, path='/hub', **options):
    """Sends frames, each a dictionary for Socket.send(), then a call; notes all to its answer or the end."""
    def hold(t):
        ws = t.connect(path)
        for frame in sent:
            ws.send(**frame)
        ws.send(TEXT, CALL)
        ws.hear('"end"')
    add('websocket/' + name, hold, **options)


def violation(name, *sent, code='closed 1002'):
    """The close frame may be lost in what follows it, so only that it ended is compared, and a code if there is one."""
    def hold(t):
        ws = t.connect()
        for frame in sent:
            ws.send(**frame)
        ws.hear()
        if t.lines[-1] == 'lost' or code is None:
            t.lines[-1] = code or 'ended'
    add('websocket/violation/' + name, hold)


# --- allowed ---

frames('continuation', {'opcode': TEXT, 'payload': CALL[:9], 'fin': False}, {'opcode': 0, 'payload': CALL[9:30], 'fin': False},
       {'opcode': 0, 'payload': CALL[30:].replace(b'end', b'one')})
frames('continuation-with-ping-between', {'opcode': TEXT, 'payload': CALL[:9], 'fin': False}, {'opcode': PING, 'payload': b'x'},
       {'opcode': 0, 'payload': CALL[9:]})
frames('message-over-two-messages', {'opcode': TEXT, 'payload': CALL[:20]}, {'opcode': TEXT, 'payload': CALL[20:].replace(b'end', b'one')})
frames('binary-for-json', {'opcode': BINARY, 'payload': CALL.replace(b'end', b'one')})
frames('empty-text', {'opcode': TEXT, 'payload': b''})
frames('empty-continuation', {'opcode': TEXT, 'payload': b'', 'fin': False}, {'opcode': 0, 'payload': b''})
frames('ping', {'opcode': PING, 'payload': b'hello'})
frames('ping-empty', {'opcode': PING})
frames('ping-125', {'opcode': PING, 'payload': b'x' * 125})
frames('pong', {'opcode': PONG, 'payload': b'unasked'})
frames('utf8-split', {'opcode': TEXT, 'payload': '{"type":1,"invocationId":"1","target":"EchoString","arguments":["é"]}\x1e'.encode()[:66],
                      'fin': False},
       {'opcode': 0, 'payload': '{"type":1,"invocationId":"1","target":"EchoString","arguments":["é"]}\x1e'.encode()[66:]})
frames('length-16-bit-small', {'opcode': TEXT, 'payload': CALL * 10})

for name, payload in {'1000': struct.pack('>H', 1000), '1001': struct.pack('>H', 1001), '1003': struct.pack('>H', 1003),
                      '1007': struct.pack('>H', 1007), '1011': struct.pack('>H', 1011), '3000': struct.pack('>H', 3000),
                      '4999': struct.pack('>H', 4999), 'none': b'', 'reason': struct.pack('>H', 1000) + b'bye',
                      'reason-utf8': struct.pack('>H', 1000) + 'zurück'.encode()}.items():
    def closing(t, payload=payload):
        ws = t.connect()
        ws.send(CLOSE, payload)
        ws.hear()
        del t.lines[:-1]  # ASP.NET Core's own Close is sometimes faster than the end, sometimes not
    add('websocket/close/' + name, closing)


@talk('websocket/close/while-a-call-runs')
def _(t):
    ws = t.connect()
    ws.call('Unanswered')
    ws.send(CLOSE, b'\x03\xe8')
    ws.hear()
    del t.lines[:-1]


@talk('websocket/close/hub-close')
def _(t):
    ws = t.connect()
    ws.tell('{"type":7}')
    ws.hear()


@talk('websocket/close/hub-close-with-error')
def _(t):
    ws = t.connect('/detailed')
    ws.tell('{"type":7,"error":"mine","allowReconnect":true}')
    ws.hear()


@talk('websocket/close/abort')
def _(t):
    ws = t.connect()
    ws.call('End')
    ws.hear()


# --- not allowed ---

violation('rsv1', {'opcode': TEXT, 'payload': CALL, 'rsv': 4})
violation('rsv2', {'opcode': TEXT, 'payload': CALL, 'rsv': 2})
violation('rsv3', {'opcode': TEXT, 'payload': CALL, 'rsv': 1})
for opcode in (3, 7, 11, 15):
    violation(f'opcode-{opcode}', {'opcode': opcode, 'payload': b'x'})
violation('unmasked', {'opcode': TEXT, 'payload': CALL, 'mask': False})
violation('continuation-first', {'opcode': 0, 'payload': CALL})
violation('text-inside-message', {'opcode': TEXT, 'payload': CALL[:5], 'fin': False}, {'opcode': TEXT, 'payload': CALL})
violation('ping-126', {'opcode': PING, 'payload': b'x' * 126})
violation('ping-fragment', {'opcode': PING, 'payload': b'x', 'fin': False})
violation('close-fragment', {'opcode': CLOSE, 'payload': b'\x03\xe8', 'fin': False})
violation('close-126', {'opcode': CLOSE, 'payload': b'\x03\xe8' + b'x' * 124})
violation('length-top-bit', {'opcode': TEXT, 'length': 1 << 63})
violation('close-1-byte', {'opcode': CLOSE, 'payload': b'x'})
for code in (0, 999, 1005, 1006, 1015, 2999, 5000):
    violation(f'close-{code}', {'opcode': CLOSE, 'payload': struct.pack('>H', code)})
# ASP.NET Core says 1002 here; RFC 6455, 8.1, has 1007.
violation('close-reason-no-utf8', {'opcode': CLOSE, 'payload': b'\x03\xe8\xff'}, code=None)
for name, payload in {'ff': b'\xff', 'surrogate': b'\xed\xa0\x80', 'overlong': b'\xc0\xaf', 'over-range': b'\xf4\x90\x80\x80',
                      'open-end': b'{"type":6}\x1e\xc3'}.items():
    violation('utf8-' + name, {'opcode': TEXT, 'payload': payload}, code='closed 1007')
violation('utf8-over-frames', {'opcode': TEXT, 'payload': b'\xc3', 'fin': False}, {'opcode': 0, 'payload': b'\x28'}, code='closed 1007')


@talk('websocket/cut')
def _(t):
    ws = t.connect()
    ws.call('Join', 'cut', id=None)
    ws.identify()
    ws.wire.close()
    other = t.connect()
    other.ask('ToGroup', 'cut', 'x')
    other.barrier()


@talk('websocket/big-answer')
def _(t):
    ws = t.connect()
    ws.ask('Big', 300000)


@talk('websocket/many-calls-in-one-frame')
def _(t):
    ws = t.connect()
    ws.tell(*({'type': 1, 'invocationId': str(n), 'target': 'EchoInt', 'arguments': [n]} for n in range(200)))
    ws.hear('"invocationId":"199"')


@talk('websocket/byte-by-byte')
def _(t):
    ws = t.connect()
    for byte in CALL:
        ws.send(TEXT, bytes([byte]))
    ws.hear('"end"')

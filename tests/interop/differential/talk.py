# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Raw HTTP and WebSocket conversations with a hub, written down so that two servers' can be compared."""
import base64
import json
import re
import socket
import struct
import time

from pack import Raw, frame, pack, split

DEADLINE = 60
SEPARATOR = b'\x1e'
HANDSHAKE = b'{"protocol":"json","version":1}\x1e'
HANDSHAKE_MSGPACK = b'{"protocol":"messagepack","version":1}\x1e'
# Of an answer's headers, those a client may depend on.
HEADERS = ('content-type', 'cache-control', 'pragma', 'expires', 'content-encoding', 'allow', 'location', 'upgrade',
           'sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-protocol')
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Stopped(Exception):
    """The other end is gone."""


class Wire:
    """A TCP connection with a deadline for everything that is awaited."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, BrokenPipeError):
            pass  # what the other end said before is still to be read

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b''
        if not data:
            raise Stopped
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_until(self, end):
        while end not in self.buffer:
            self.fill()
        data, _, self.buffer = self.buffer.partition(end)
        return data

    def rest(self):
        try:
            while True:
                self.fill()
        except Stopped:
            data, self.buffer = self.buffer, b''
            return data

    def close(self):
        self.socket.close()


class Answer:
    """The head of an HTTP answer, and its body if it has an end."""

    def __init__(self, wire, method):
        head = wire.take_until(b'\r\n\r\n').decode('latin-1').split('\r\n')
        self.wire = wire
        self.status = int(head[0].split()[1])
        self.headers = {}
        for line in head[1:]:
            name, _, value = line.partition(':')
            self.headers.setdefault(name.lower(), []).append(value.strip())
        self.chunked = 'chunked' in self.headers.get('transfer-encoding', [''])[0]
        self.bodiless = method == 'HEAD' or self.status in (101, 204, 304)

    def header(self, name):
        return ', '.join(self.headers[name]) if name in self.headers else None

    def piece(self):
        """The next bytes of a body that has no known length."""
        if not self.chunked:
            if not self.wire.buffer:
                self.wire.fill()
            data, self.wire.buffer = self.wire.buffer, b''
            return data
        size = int(self.wire.take_until(b'\r\n'), 16)
        data = self.wire.take(size)
        self.wire.take(2)
        if size == 0:
            raise Stopped
        return data

    def body(self):
        if self.bodiless:
            return b''
        if 'content-length' in self.headers:
            return self.wire.take(int(self.header('content-length')))
        data = b''
        try:
            while True:
                data += self.piece()
        except Stopped:
            return data


class Talk:
    """One conversation: what is said by the server is noted, ids and tokens masked."""

    def __init__(self, port, is_peer=False):
        self.port = port
        self.is_peer = is_peer
        self.lines = []
        self.masks = []
        self.wires = []

    def note(self, line):
        self.lines.append(self.mask(line))

    def mask(self, line):
        for index, secret in enumerate(self.masks, 1):
            hidden = f'<{index}>'.ljust(len(secret), '.')
            line = line.replace(secret, hidden).replace(secret.encode().hex(), hidden.encode().hex())
        return line

    def hide(self, secret):
        if secret and secret not in self.masks:
            self.masks.append(secret)

    def wire(self):
        wire = Wire(self.port)
        self.wires.append(wire)
        return wire

    def finish(self):
        for wire in self.wires:
            wire.close()

    def request(self, method, target, headers=(), body=None, wire=None):
        """Sends a request and returns the answer's head."""
        wire = wire or self.wire()
        lines = [f'{method} {target} HTTP/1.1', 'Host: localhost', *headers]
        if body is not None and not any(line.lower().startswith('transfer-encoding') for line in headers):
            lines.append(f'Content-Length: {len(body)}')
        wire.send('\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + (body or b''))
        return Answer(wire, method)

    def note_head(self, answer, more=()):
        shown = [f'{name}: {answer.header(name)}' for name in (*HEADERS, *more) if name in answer.headers]
        self.note(' | '.join([f'HTTP {answer.status}', *shown]))

    def http(self, method, target, headers=(), body=None, more=(), quiet=False):
        """A whole exchange; its answer is noted."""
        if body is None and method in ('POST', 'PUT', 'PATCH'):
            body = b''
        answer = self.request(method, target, headers, body)
        data = answer.body()
        if not quiet:
            self.note_head(answer, more)
            self.note('body ' + data.decode('utf-8', 'backslashreplace'))
        return answer, data

    def negotiate(self, path='/hub', query='negotiateVersion=1', headers=()):
        _, body = self.http('POST', f'{path}/negotiate?{query}', headers, quiet=True)
        document = json.loads(body)
        self.hide(document.get('connectionId'))
        self.hide(document.get('connectionToken'))
        return document.get('connectionToken') or document['connectionId']

    def upgrade(self, path='/hub', headers=()):
        """A WebSocket without its handshake of the hub."""
        key = base64.b64encode(b'sixteen bytes ok').decode()
        answer = self.request('GET', path, ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
                                            f'Sec-WebSocket-Key: {key}', *headers])
        if answer.status != 101:
            self.note_head(answer)
            self.note('body ' + answer.body().decode())
            return None
        return Socket(self, answer.wire)

    def connect(self, path='/hub', msgpack=False, headers=()):
        """A WebSocket whose handshake is done."""
        ws = self.upgrade(path, headers)
        ws.msgpack = msgpack
        ws.send(TEXT, HANDSHAKE_MSGPACK if msgpack else HANDSHAKE)
        answer = ws.read_record(handshake=True)
        if answer[1] != b'{}':
            raise AssertionError(f'handshake answered with {answer}')
        return ws

    def events(self, path='/hub', headers=()):
        """Server-Sent Events on a new connection, without its handshake."""
        token = self.negotiate(path, headers=headers)
        answer = self.request('GET', f'{path}?id={token}', ['Accept: text/event-stream', *headers])
        return Events(self, path, token, answer)

    def polling(self, path='/hub', msgpack=False, headers=()):
        """A long-polling connection after its first poll, without its handshake."""
        token = self.negotiate(path, headers=headers)
        self.http('GET', f'{path}?id={token}', headers)
        return Polling(self, path, token, msgpack)


class Channel:
    """What hub messages arrive on, whatever carries them."""

    kind = 'text'

    def __init__(self, talk, msgpack=False):
        self.talk = talk
        self.msgpack = msgpack
        self.pending = b''
        self.records = []
        self.name = ''

    def describe(self, kind, data):
        if self.msgpack and kind != 'text':
            printable = re.sub(r'[^\x20-\x7e]', '.', data.decode('latin-1'))
            return f'{self.name}{kind} {data.hex()} "{printable}"' if len(data) < 4000 else f'{self.name}{kind} {len(data)} bytes'
        return f'{self.name}{kind} ' + data.decode('utf-8', 'backslashreplace')

    def is_ping(self, data):
        return data == (b'\x91\x06' if self.msgpack else b'{"type":6}')

    def cut(self, kind, handshake):
        """Moves whole records out of what has arrived."""
        if handshake or not self.msgpack:
            *whole, self.pending = self.pending.split(SEPARATOR, -1 if not handshake else 1)
        else:
            whole, self.pending = split(self.pending)
        self.records += [(kind, record) for record in whole]

    def read_record(self, handshake=False):
        if not self.records and self.pending:  # behind a handshake
            self.cut(self.kind, handshake)
        while not self.records:
            self.kind, data = self.receive()
            self.pending += data
            self.cut(self.kind, handshake)
        return self.records.pop(0)

    def hear(self, until=None, count=0, pings=False):
        """Notes what comes: until a record has this in it, a number of them, or the end."""
        heard = 0
        try:
            while count == 0 or heard < count:
                kind, data = self.read_record()
                if self.is_ping(data) and not pings:
                    continue
                heard += 1
                self.talk.note(self.describe(kind, data))
                if until is not None and until.encode() in data:
                    return True
        except Stopped:
            if self.pending:
                self.talk.note(self.describe('rest', self.pending))
                self.pending = b''
            self.say_end()
            return False
        return True

    def hear_handshake(self):
        try:
            self.talk.note(self.describe(*self.read_record(handshake=True)))
        except Stopped:
            self.say_end()

    def say_end(self):
        self.talk.note(f'{self.name}end')

    def encode(self, record):
        if isinstance(record, Raw):
            return bytes(record)
        if self.msgpack:
            return frame(record if isinstance(record, bytes) else pack(record))
        if isinstance(record, (dict, list)):
            record = json.dumps(record, separators=(',', ':'), ensure_ascii=False)
        return (record.encode() if isinstance(record, str) else record) + SEPARATOR

    def tell(self, *records):
        """Hub messages, all in one piece."""
        self.deliver(b''.join(map(self.encode, records)))

    def call(self, target, *arguments, id='1', type=1, streams=None, **keys):
        if self.msgpack:
            self.tell([type, {}, id, target, list(arguments), streams or []])
        else:
            self.tell({'type': type, **({'invocationId': id} if id is not None else {}), 'target': target,
                       'arguments': list(arguments), **({'streamIds': streams} if streams else {}), **keys})

    def ask(self, target, *arguments, id='1', **keys):
        """A call and all that comes until its completion."""
        self.call(target, *arguments, id=id, **keys)
        return self.hear_completion(id)

    def hear_completion(self, id):
        wanted = b'\x03\x80' + pack(id) if self.msgpack else f'{{"type":3,"invocationId":"{id}"'.encode()
        while True:
            try:
                kind, data = self.read_record()
            except Stopped:
                self.say_end()
                return False
            if self.is_ping(data):
                continue
            self.talk.note(self.describe(kind, data))
            if data[1 if self.msgpack else 0:].startswith(wanted):
                return True

    def identify(self):
        """Learns the connection's id, which is then masked."""
        self.call('ConnectionId', id='me')
        _, data = self.read_record()
        found = re.search(rb'[A-Za-z0-9_-]{22}', data).group().decode()
        self.talk.hide(found)
        return found

    def barrier(self):
        """What was said before has been dealt with when this is answered."""
        return self.ask('EchoString', 'end', id='end')


class Socket(Channel):
    """A WebSocket."""

    def __init__(self, talk, wire):
        super().__init__(talk)
        self.wire = wire
        self.close_code = None

    def send(self, opcode, payload=b'', fin=True, rsv=0, mask=True, length=None):
        size = len(payload) if length is None else length
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        bit = 0x80 if mask else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + struct.pack('>H', size)
        else:
            head += bytes([bit | 127]) + struct.pack('>Q', size)
        self.wire.send(head + (b'\0\0\0\0' if mask else b'') + payload)

    def deliver(self, data):
        self.send(BINARY if self.msgpack else TEXT, data)

    def read_frame(self):
        first, second = self.wire.take(2)
        size = second & 0x7f
        if size == 126:
            size, = struct.unpack('>H', self.wire.take(2))
        elif size == 127:
            size, = struct.unpack('>Q', self.wire.take(8))
        if second & 0x80:
            self.talk.note('masked frame from the server')
        return first, self.wire.take(size)

    def receive(self):
        first, payload = self.read_frame()
        opcode = first & 0xf
        if first & 0x70:
            self.talk.note(f'reserved bits in {first:02x}')
        if opcode == CLOSE:
            self.close_code = struct.unpack('>H', payload[:2])[0] if len(payload) >= 2 else 0
            if payload[2:]:
                self.talk.note(f'close reason {payload[2:]}')
            self.send(CLOSE, payload)
            raise Stopped
        if opcode in (PING, PONG):
            self.talk.note(f"{'ping' if opcode == PING else 'pong'} {payload.hex()}")
            return self.kind, b''
        if opcode:
            self.kind = 'binary' if opcode == BINARY else 'text'
        return self.kind, payload

    def say_end(self):
        self.talk.note(f'{self.name}closed {self.close_code}' if self.close_code is not None else f'{self.name}lost')


class Events(Channel):
    """Server-Sent Events, with POST for the other direction."""

    def __init__(self, talk, path, token, answer):
        super().__init__(talk)
        self.path, self.token, self.answer = path, token, answer
        self.text = b''

    def deliver(self, data):
        answer, body = self.talk.http('POST', f'{self.path}?id={self.token}', (), data, quiet=True)
        if answer.status != 200 or body:
            self.talk.note_head(answer)
            self.talk.note('body ' + body.decode())

    def next_event(self):
        while b'\r\n\r\n' not in self.text:
            self.text += self.answer.piece()
        event, _, self.text = self.text.partition(b'\r\n\r\n')
        return event

    def receive(self):
        lines = [line for line in self.next_event().split(b'\r\n') if not line.startswith(b':')]
        if any(not line.startswith(b'data: ') for line in lines):
            self.talk.note(f'strange event {lines}')
        return 'event', b'\n'.join(line[6:] for line in lines)


class Polling(Channel):
    """Long polling."""

    def __init__(self, talk, path, token, msgpack):
        super().__init__(talk, msgpack)
        self.path, self.token = path, token
        self.last = None

    deliver = Events.deliver

    def poll(self):
        """One poll whose answer is noted whole."""
        return self.talk.http('GET', f'{self.path}?id={self.token}')

    def receive(self):
        answer, body = self.talk.http('GET', f'{self.path}?id={self.token}', quiet=True)
        if answer.status != 200:
            self.talk.note_head(answer)
            self.talk.note('body ' + body.decode())
            raise Stopped
        return 'poll', body

    def open_poll(self):
        """A poll that is held; its answer is read later."""
        wire = self.talk.wire()
        wire.send(f'GET {self.path}?id={self.token} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        return wire

    def hear_poll(self, wire):
        answer = Answer(wire, 'GET')
        self.talk.note_head(answer)
        self.talk.note('body ' + answer.body().decode())


def wait_until(condition, what):
    """For what has no event of its own."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'{what}: in vain')
        time.sleep(0.05)

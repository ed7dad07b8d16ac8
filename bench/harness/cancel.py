# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The Cancel page's way without a browser: start an operation by POST, cancel it, await its end on the hub.
import http.client
import json
import os
import socket
import ssl
import struct
import time

RECORD_SEPARATOR = b'\x1e'
TIMEOUT = 10


def tls(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    raw = socket.create_connection(('127.0.0.1', port), TIMEOUT)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(raw)


class Hub:
    """The events of /hubs/kestrun over a WebSocket."""

    def __init__(self, port):
        self.socket = tls(port)
        self.received = b''
        self.socket.sendall(b'GET /hubs/kestrun HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n'
                            b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                            b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' % port)
        while b'\r\n\r\n' not in self.received:
            self._read()
        head, _, self.received = self.received.partition(b'\r\n\r\n')
        if not head.startswith(b'HTTP/1.1 101'):
            raise RuntimeError(f'no upgrade: {head[:40]!r}')
        self.messages = []
        self.send(b'{"protocol":"json","version":1}\x1e')
        if self.next() != {}:
            raise RuntimeError('the hub refuses the handshake')

    def send(self, payload):
        """One masked text frame; the payload is short."""
        key = os.urandom(4)
        body = bytes(byte ^ key[i & 3] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + key + body)

    def _read(self):
        data = self.socket.recv(65536)
        if not data:
            raise RuntimeError('the hub ended the connection')
        self.received += data

    def _frame(self):
        """The payload of the next frame."""
        while True:
            if len(self.received) >= 2:
                size, head = self.received[1] & 0x7f, 2
                if size == 126 and len(self.received) >= 4:
                    size, head = struct.unpack_from('>H', self.received, 2)[0], 4
                if size < 126 or head == 4:
                    if len(self.received) >= head + size:
                        payload = self.received[head:head + size]
                        self.received = self.received[head + size:]
                        return payload
            self._read()

    def next(self):
        """The next hub message, pings left out."""
        while True:
            while not self.messages:
                self.messages = [json.loads(text) for text in self._frame().split(RECORD_SEPARATOR) if text]
            message = self.messages.pop(0)
            if message.get('type') != 6:
                return message

    def await_event(self, name, task):
        """The data of the next event of that name about the task."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            message = self.next()
            event = message['arguments'][0] if message.get('target') == 'ReceiveEvent' else {}
            if event.get('eventName') == name and event['data']['TaskId'] == task:
                return event['data']
        raise RuntimeError(f'no {name} came')


class Page:
    """What the page's script sends, with its token and cookie."""

    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPSConnection('127.0.0.1', port, timeout=TIMEOUT)
        self.connection.sock = tls(port)
        self.connection.request('GET', '/csrf-token')
        answer = self.connection.getresponse()
        document = json.loads(answer.read())
        self.headers = {
            'Cookie': answer.getheader('Set-Cookie').partition(';')[0],
            'Origin': f'https://127.0.0.1:{port}',
            'Content-Type': 'application/json',
            document['headerName']: document['token'],
        }

    def send(self, path):
        self.connection.request('POST', path, '{}', self.headers)

    def answer(self):
        answer = self.connection.getresponse()
        document = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f'status {answer.status}: {document}')
        return document


def measure(port, times):
    """Seconds from just before the cancel POST to the OperationComplete event, for each of the operations."""
    hub, page = Hub(port), Page(port)
    taken = []
    for _ in range(times):
        page.send('/api/operation/start?seconds=600')
        task = page.answer()['TaskId']
        hub.await_event('OperationProgress', task)
        begun = time.perf_counter()
        page.send(f'/tasks/cancel?id={task}')
        end = hub.await_event('OperationComplete', task)
        taken.append(time.perf_counter() - begun)
        page.answer()
        if end['Message'] != 'Cancelled':
            raise RuntimeError(f'the operation was not cancelled: {end}')
    return taken

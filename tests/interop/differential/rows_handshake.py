# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Handshakes, accepted and refused."""
from rows import add, talk
from talk import HANDSHAKE, TEXT


def handshake(name, text, path='/hub', record='{"type":1,"invocationId":"end","target":"EchoString","arguments":["end"]}\x1e', **options):
    """The request, and a call behind it in the same frame."""
    def hold(t, path=path):
        ws = t.upgrade(path)
        ws.send(TEXT, (text if isinstance(text, bytes) else text.encode()) + b'\x1e' + record.encode())
        ws.hear_handshake()
        if not ws.talk.lines[-1].startswith('text {"error"'):
            ws.hear('"end"')
        else:
            ws.hear()
    add(f'handshake/{name}{"" if path == "/hub" else path}', hold, **options)


for version in ('-1', '0', '1', '2', '3', '99', '2147483647', '2147483648', '1.0', '1.5', '1e0', '"1"', 'null', 'true'):
    handshake(f'version {version}', f'{{"protocol":"json","version":{version}}}')
    if version in ('2147483648', '1.0', '1.5', '"1"', 'null'):
        handshake(f'version {version}', f'{{"protocol":"json","version":{version}}}', '/detailed')
for name, text in {
        'unknown-protocol': '{"protocol":"xml","version":1}', 'protocol-case': '{"protocol":"JSON","version":1}',
        'protocol-empty': '{"protocol":"","version":1}', 'unknown-before-version': '{"protocol":"xml","version":9}',
        'key-case': '{"Protocol":"json","version":1}', 'reversed': '{"version":1,"protocol":"json"}',
        'more': '{"protocol":"json","version":1,"more":{"a":[1,2]}}', 'twice': '{"protocol":"xml","protocol":"json","version":9,"version":1}',
        'space-before': ' \t\r\n{"protocol":"json","version":1}', 'behind': '{"protocol":"json","version":1}x',
        'two-objects': '{"protocol":"json","version":1}{}', 'messagepack-version-3': '{"protocol":"messagepack","version":3}',
        'escaped': '{"protocol":"\\u006ason","version":1}', 'escaped-key': '{"protoco\\u006c":"json","version":1}'}.items():
    handshake(name, text)
    if name in ('unknown-protocol', 'key-case'):
        handshake(name, text, '/detailed')
for name, text in {
        'empty': '', 'empty-object': '{}', 'no-version': '{"protocol":"json"}', 'no-protocol': '{"version":1}', 'array': '[]',
        'null': 'null', 'number': '1', 'string': '"json"', 'protocol-null': '{"protocol":null,"version":1}',
        'protocol-number': '{"protocol":1,"version":1}'}.items():
    handshake('bad-' + name, text)
    if name != 'empty':
        handshake('bad-' + name, text, '/detailed')
for name, text in {
        'bom': b'\xef\xbb\xbf{"protocol":"json","version":1}', 'open': '{"protocol":"json"', 'word': 'hello',
        'comma': '{"protocol":"json","version":1,}', 'comment': '{"protocol":"json",/**/"version":1}',
        'deep': '{"a":' + '[' * 64 + ']' * 64 + ',"protocol":"json","version":1}', 'control': '{"protocol":"js\non","version":1}'}.items():
    handshake('broken-' + name, text)
handshake('deep-63', '{"a":' + '[' * 63 + ']' * 63 + ',"protocol":"json","version":1}')
handshake('limit', '{"protocol":"json","version":1,"x":"' + 'x' * (1023 - 38) + '"}', '/limit')
handshake('over-limit', '{"protocol":"json","version":1,"x":"' + 'x' * (1024 - 38) + '"}', '/limit')
handshake('second', '{"protocol":"json","version":1}', record='{"protocol":"json","version":1}\x1e')


@talk('handshake/byte-by-byte')
def _(t):
    ws = t.upgrade()
    for byte in HANDSHAKE:
        ws.send(TEXT, bytes([byte]))
    ws.hear_handshake()


@talk('handshake/binary-frame')
def _(t):
    ws = t.upgrade()
    ws.send(2, HANDSHAKE)
    ws.hear_handshake()
    ws.barrier()


@talk('handshake/messagepack-in-text-frame')
def _(t):
    ws = t.upgrade()
    ws.msgpack = True
    ws.send(TEXT, b'{"protocol":"MessagePack","version":2}\x1e')
    ws.hear_handshake()
    ws.barrier()


@talk('handshake/messagepack-and-call-in-one-frame')
def _(t):
    ws = t.upgrade()
    ws.msgpack = True
    ws.send(2, b'{"protocol":"messagepack","version":1}\x1e' + ws.encode([1, {}, '1', 'EchoString', ['x']]))
    ws.hear_handshake()
    ws.hear(count=1)


@talk('handshake/closed-instead')
def _(t):
    ws = t.upgrade()
    ws.send(8, b'\x03\xe8')
    ws.hear()


for name, text in {'unknown': b'{"protocol":"xml","version":1}\x1e', 'broken': b'x\x1e'}.items():
    def polled(t, text=text):
        polling = t.polling()
        polling.deliver(text)
        polling.poll()
        polling.poll()

    def streamed(t, text=text):
        events = t.events()
        events.deliver(text)
        events.hear()
    add(f'handshake/long-polling-{name}', polled)
    add(f'handshake/sse-{name}', streamed)

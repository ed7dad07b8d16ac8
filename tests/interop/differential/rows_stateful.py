# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Stateful reconnect: Ack, Sequence, and a socket that is replaced."""
from rows import add
from talk import TEXT

PATH = '/stateful'
QUERY = 'negotiateVersion=1&useStatefulReconnect=true'


def attach(t, token, msgpack):
    ws = t.upgrade(f'{PATH}?id={token}')
    if ws is not None:
        ws.msgpack = msgpack
    return ws


def begin(t, msgpack):
    """A connection whose handshake asked for version 2; its token is for the sockets that follow."""
    token = t.negotiate(PATH, QUERY)
    ws = attach(t, token, msgpack)
    ws.send(TEXT, b'{"protocol":"%s","version":2}\x1e' % (b'messagepack' if msgpack else b'json'))
    ws.hear_handshake()
    return token, ws


def number(ws, kind, value):
    ws.tell([kind, value] if ws.msgpack else {'type': kind, 'sequenceId': value})


def ack(ws, value):
    number(ws, 8, value)


def sequence(ws, value):
    number(ws, 9, value)


def without_acks(body, msgpack):
    """When a server's own Ack comes, between which records, is its affair."""
    def hold(t):
        body(t, msgpack)
        t.lines = [line for line in t.lines if not line.startswith(('text {"type":8', 'binary 9208'))]
    return hold


def both(name, acks=False):
    def register(body):
        for msgpack, encoding in ((False, 'json'), (True, 'msgpack')):
            held = (lambda t, msgpack=msgpack: body(t, msgpack)) if acks else without_acks(body, msgpack)
            add(f'stateful/{name}/{encoding}', held, races=True)
        return body
    return register


@both('acknowledged', acks=True)
def _(t, msgpack):
    _, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    ws.hear(count=1)  # the Ack


@both('acks-that-make-no-sense')
def _(t, msgpack):
    _, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    for value in (1, 1, 0, 100):
        ack(ws, value)
    ws.barrier()


@both('sequence-without-reconnect')
def _(t, msgpack):
    _, ws = begin(t, msgpack)
    sequence(ws, 1)
    ws.barrier()


@both('sequence-too-high')
def _(t, msgpack):
    _, ws = begin(t, msgpack)
    sequence(ws, 7)
    ws.hear()


@both('replayed')
def _(t, msgpack):
    token, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    ws.wire.close()
    ws = attach(t, token, msgpack)
    sequence(ws, 2)
    ws.hear(count=2)  # Sequence and what was not acknowledged
    ws.barrier()


@both('acknowledged-before')
def _(t, msgpack):
    token, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    ack(ws, 1)
    ws.ask('EchoString', 'two', id='2')
    ws.wire.close()
    ws = attach(t, token, msgpack)
    sequence(ws, 3)
    ws.hear(count=2)
    ws.barrier()


@both('duplicate-is-dropped')
def _(t, msgpack):
    token, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    ws.wire.close()
    ws = attach(t, token, msgpack)
    sequence(ws, 1)
    ws.call('EchoString', 'again')  # number 1 a second time
    ws.hear(count=2)
    ws.barrier()


@both('sequence-too-high-after-reconnect')
def _(t, msgpack):
    token, ws = begin(t, msgpack)
    ws.ask('EchoString', 'one')
    ws.wire.close()
    ws = attach(t, token, msgpack)
    sequence(ws, 9)
    ws.hear()

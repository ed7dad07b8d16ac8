# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""What takes more than a call and its answer: streams, uploads, questions to clients, groups, users."""
from rows import add, talk
from talk import HANDSHAKE


def both(name, **options):
    """A conversation over JSON and over MessagePack on WebSocket."""
    def register(body):
        add(f'hub/{name}/json', lambda t: body(t, False), **options)
        add(f'hub/{name}/msgpack', lambda t: body(t, True), **options)
        return body
    return register


class Client:
    """One of several clients: speaks JSON or MessagePack, under a name."""

    def __new__(cls, t, msgpack, name='', path='/hub', headers=()):
        ws = t.connect(path, msgpack, headers)
        ws.id = ws.identify()
        ws.name = name and name + ': '
        return ws


def item(ws, stream, value):
    ws.tell([2, {}, stream, value] if ws.msgpack else {'type': 2, 'invocationId': stream, 'item': value})


def complete(ws, id, error=None, **result):
    if ws.msgpack:
        ws.tell([3, {}, id, 1, error] if error is not None else [3, {}, id, 3, result['result']] if result else [3, {}, id, 2])
    else:
        ws.tell({'type': 3, 'invocationId': id, **({'error': error} if error is not None else result)})


def cancel(ws, id):
    ws.tell([5, {}, id] if ws.msgpack else {'type': 5, 'invocationId': id})


# --- streams from the hub ---

@both('stream/count')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.ask('Count', 5, type=4)
    ws.barrier()


@both('stream/empty')
def _(t, msgpack):
    t.connect(msgpack=msgpack).ask('Count', 0, type=4)


@both('stream/long')
def _(t, msgpack):
    t.connect(msgpack=msgpack).ask('Count', 500, type=4)


@both('stream/fails')
def _(t, msgpack):
    t.connect(msgpack=msgpack).ask('CountAndFail', type=4)


for kind in ('argument', 'cancelled', 'data', 'hub', 'io', 'other', 'permission', 'timeout', 'unsupported'):
    for path in ('/hub', '/detailed'):
        @both(f'exception/{kind}{path}')
        def _(t, msgpack, kind=kind, path=path):
            t.connect(path, msgpack=msgpack).ask('Break', kind)

        @both(f'exception/stream-{kind}{path}')
        def _(t, msgpack, kind=kind, path=path):
            t.connect(path, msgpack=msgpack).ask('CountAndBreak', kind, type=4)


@both('stream/wrong-argument')
def _(t, msgpack):
    t.connect(msgpack=msgpack).ask('Count', 'x', type=4)


@both('stream/name-in-any-case')
def _(t, msgpack):
    t.connect(msgpack=msgpack).ask('cOUNT', 1, type=4)


@both('stream/cancel')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4)
    ws.hear(count=1)
    cancel(ws, '1')
    ws.hear(count=1)
    ws.barrier()


@both('stream/cancel-twice')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4)
    ws.hear(count=1)
    cancel(ws, '1')
    cancel(ws, '1')
    ws.hear(count=1)
    ws.barrier()


@both('stream/id-in-use')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4)
    ws.hear(count=1)
    ws.call('Hold', type=4)
    ws.hear(count=1)
    ws.barrier()


@both('stream/id-of-a-plain-call')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4)
    ws.hear(count=1)
    ws.ask('EchoString', 'same id')


@both('stream/two-at-once')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4, id='a')
    ws.hear(count=1)
    ws.ask('Count', 3, type=4, id='b')
    cancel(ws, 'a')
    ws.hear(count=1)


@both('stream/does-not-block-calls')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Hold', type=4, id='a')
    ws.hear(count=1)
    ws.ask('EchoInt', 1)
    ws.barrier()


# --- uploads ---

@both('upload/items')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'])
    for value in (1, 2, 3):
        item(ws, 's', value)
    complete(ws, 's')
    ws.hear(count=1)
    ws.barrier()


@both('upload/empty')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'])
    complete(ws, 's')
    ws.hear(count=1)


@both('upload/many')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'])
    for value in range(100):
        item(ws, 's', value)
    complete(ws, 's')
    ws.hear(count=1)


@both('upload/two')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('CollectTwo', 'x', streams=['a', 'b'])
    item(ws, 'b', 'one')
    item(ws, 'a', 1)
    item(ws, 'b', 'two')
    complete(ws, 'b')
    complete(ws, 'a')
    ws.hear(count=1)


@both('upload/with-result')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'])
    item(ws, 's', 1)
    complete(ws, 's', result=5)
    ws.hear(count=1)


for path in ('/hub', '/detailed'):
    @both('upload/error' + path)
    def _(t, msgpack, path=path):
        ws = t.connect(path, msgpack)
        ws.call('Collect', streams=['s'])
        item(ws, 's', 1)
        complete(ws, 's', 'torn')
        ws.hear(count=1)
        ws.barrier()

    @both('upload/wrong-item' + path)
    def _(t, msgpack, path=path):
        ws = t.connect(path, msgpack)
        ws.call('Collect', streams=['s'])
        item(ws, 's', 'x')
        item(ws, 's', 1)
        complete(ws, 's')
        ws.hear(count=1)
        ws.barrier()

    @both('upload/too-few-streams' + path)
    def _(t, msgpack, path=path):
        ws = t.connect(path, msgpack)
        ws.ask('CollectTwo', 'x', streams=['a'])
        ws.barrier()


@both('upload/after-its-end')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'])
    complete(ws, 's')
    ws.hear(count=1)
    item(ws, 's', 1)
    complete(ws, 's')
    ws.barrier()


@both('upload/mirror')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Mirror', streams=['s'], type=4)
    item(ws, 's', 'a')
    ws.hear(count=1)
    item(ws, 's', 'b')
    ws.hear(count=1)
    complete(ws, 's')
    ws.hear(count=1)


@both('upload/mirror-error')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Mirror', streams=['s'], type=4)
    item(ws, 's', 'a')
    ws.hear(count=1)
    complete(ws, 's', 'torn')
    ws.hear(count=1)


# --- the limit of parallel calls ---

@both('parallel/two')
def _(t, msgpack):
    ws = t.connect('/parallel', msgpack)
    ws.call('Unanswered', id='a')
    ws.ask('EchoString', 'beside')


@both('parallel/upload-needs-no-slot')
def _(t, msgpack):
    ws = t.connect(msgpack=msgpack)
    ws.call('Collect', streams=['s'], id='a')
    ws.ask('EchoString', 'beside')
    complete(ws, 's')
    ws.hear(count=1)


# --- a client is asked ---

QUESTION = 'Question'


def question_id(ws):
    """Waits for the question, which has a number of the server's; it is masked."""
    import re
    _, data = ws.read_record()
    found = re.search(rb'"invocationId":"(s\d+)"' if not ws.msgpack else rb'[\xa2-\xa9](s\d+)\xa8Question', data).group(1).decode()
    ws.talk.note(ws.describe('asked', re.sub(rb'"s\d+"', b'"s"', data) if not ws.msgpack else data[data.index(b'\xa8Question'):]))
    return found


@both('question/oneself')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.call('Ask', '', 'who')
    complete(ws, question_id(ws), result='me')
    ws.hear(count=1)


for path in ('/hub', '/detailed'):
    for name, answer in {'error': {'error': 'no idea'}, 'nothing': {}, 'wrong-type': {'result': 42}, 'wrong-object': {'result': {'a': 1}}}.items():
        @both(f'question/{name}{path}')
        def _(t, msgpack, path=path, answer=answer):
            ws = Client(t, msgpack, path=path)
            ws.call('Ask', '', 'who')
            complete(ws, question_id(ws), **answer)
            ws.hear(count=1)
            ws.barrier()


@both('question/other')
def _(t, msgpack):
    asker, asked = Client(t, msgpack, 'asker'), Client(t, msgpack, 'asked')
    asker.call('Ask', asked.id, 'who')
    complete(asked, question_id(asked), result='other')
    asker.hear(count=1)


@both('question/nobody')
def _(t, msgpack):
    Client(t, msgpack).ask('Ask', 'nobody', 'who')


@both('question/goes-away')
def _(t, msgpack):
    asker, asked = Client(t, msgpack, 'asker'), Client(t, msgpack, 'asked')
    asker.call('Ask', asked.id, 'who')
    question_id(asked)
    asked.wire.close()
    asker.hear(count=1)


@both('question/answered-twice')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.call('Ask', '', 'who')
    asked = question_id(ws)
    complete(ws, asked, result='a')
    complete(ws, asked, result='b')
    ws.hear(count=1)
    ws.barrier()


@both('question/calls-go-on-meanwhile')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.call('Ask', '', 'who')
    asked = question_id(ws)
    ws.ask('EchoInt', 7, id='2')
    complete(ws, asked, result='late')
    ws.hear(count=1)


@both('question/item-instead')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.call('Ask', '', 'who')
    asked = question_id(ws)
    item(ws, asked, 'x')
    complete(ws, asked, result='a')
    ws.hear(count=1)


@both('question/answered-by-another')
def _(t, msgpack):
    asker, asked, liar = (Client(t, msgpack, name) for name in ('asker', 'asked', 'liar'))
    asker.call('Ask', asked.id, 'who')
    id = question_id(asked)
    complete(liar, id, result='a lie')
    liar.hear()
    complete(asked, id, result='the truth')
    asker.hear(count=1)


# --- groups, users, the rest ---

@both('group/members')
def _(t, msgpack):
    a, b, c = (Client(t, msgpack, name) for name in 'abc')
    group = 'g' + a.id
    a.ask('Join', group)
    b.ask('Join', group)
    a.ask('ToGroup', group, 'both')
    b.hear(count=1)
    b.ask('ToOthersInGroup', group, 'others')
    a.hear(count=1)
    a.ask('ToGroupExcept', group, a.id, 'except')
    b.hear(count=1)
    b.ask('Leave', group)
    a.ask('ToGroup', group, 'alone')
    for client in (b, c):
        client.barrier()


@both('group/join-twice')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('Join', ws.id)
    ws.ask('Join', ws.id)
    ws.ask('ToGroup', ws.id, 'once')
    ws.barrier()


@both('group/case-matters')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('Join', 'a' + ws.id)
    ws.ask('ToGroup', 'A' + ws.id, 'x')
    ws.barrier()


@both('group/unknown')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('Leave', 'nothing')
    ws.ask('ToGroup', 'nothing', 'x')
    ws.ask('JoinOther', 'nobody', 'nothing')
    ws.barrier()


@both('group/join-another')
def _(t, msgpack):
    a, b = Client(t, msgpack, 'a'), Client(t, msgpack, 'b')
    a.ask('JoinOther', b.id, b.id)
    a.ask('ToGroup', b.id, 'x')
    b.hear(count=1)


@both('group/two-of-two')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('Join', '1' + ws.id)
    ws.ask('Join', '2' + ws.id)
    ws.ask('ToGroups', ['1' + ws.id, '2' + ws.id, '1' + ws.id], 'thrice')
    ws.barrier()


for path in ('/hub', '/detailed'):
    @both('group/empty-name-in-groups' + path, differs='a group may have any name, the empty one, too',
          ours='')
    def _(t, msgpack, path=path):
        ws = Client(t, msgpack, path=path)
        ws.ask('ToGroups', [''], 'x')
        ws.barrier()


@both('group/no-groups')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('ToGroups', [], 'x')
    ws.barrier()


@both('clients/one')
def _(t, msgpack):
    a, b = Client(t, msgpack, 'a'), Client(t, msgpack, 'b')
    a.ask('ToClient', b.id, 'x')
    b.hear(count=1)
    a.ask('ToClient', 'nobody', 'x')
    a.ask('ToClient', '', 'x')
    a.ask('ToCaller', 'me')


@both('clients/twice-is-once')
def _(t, msgpack):
    ws = Client(t, msgpack)
    ws.ask('ToClients', [ws.id, 'nobody', ws.id], 'x')
    ws.barrier()


@both('clients/mixed-protocols')
def _(t, msgpack):
    a, b = Client(t, msgpack, 'a'), Client(t, not msgpack, 'b')
    a.ask('ToClients', [a.id, b.id], 'é')
    b.hear(count=1)


@both('user/of-token')
def _(t, msgpack):
    ws = Client(t, msgpack, path='/auth', headers=['Authorization: Bearer alice'])
    ws.ask('UserId')


@both('user/of-query')
def _(t, msgpack):
    Client(t, msgpack, path='/auth?access_token=bob%20x').ask('UserId')


@both('user/none')
def _(t, msgpack):
    Client(t, msgpack).ask('UserId')


@both('user/send')
def _(t, msgpack):
    headers = [f'Authorization: Bearer carol{msgpack}']
    a, b, c = Client(t, msgpack, 'a', '/auth', headers), Client(t, msgpack, 'b', '/auth', headers), \
        Client(t, msgpack, 'c', '/auth', [f'Authorization: Bearer CAROL{msgpack}'])
    c.ask('ToUser', f'carol{msgpack}', 'x')
    a.hear(count=1)
    b.hear(count=1)
    c.ask('ToUsers', [f'carol{msgpack}', f'CAROL{msgpack}', f'carol{msgpack}', 'nobody'], 'y')
    for client in (a, b):
        client.hear(count=1)
        client.barrier()


# --- the same over the transports that are HTTP ---

def over(name, body, **options):
    def events(t):
        channel = t.events()
        channel.deliver(HANDSHAKE)
        channel.hear_handshake()
        body(channel)

    def polling(t, msgpack=False):
        channel = t.polling(msgpack=msgpack)
        channel.deliver(HANDSHAKE.replace(b'json', b'messagepack') if msgpack else HANDSHAKE)
        channel.hear_handshake()
        body(channel)
    add(f'transport/{name}/sse', events, **options)
    add(f'transport/{name}/long-polling', polling, **options)
    add(f'transport/{name}/long-polling-msgpack', lambda t: polling(t, True), **options)


over('echo', lambda channel: channel.ask('EchoString', 'é\r\n'))
over('error', lambda channel: channel.ask('Fail', 'no'))
over('unknown', lambda channel: channel.ask('NoSuch'))
over('stream', lambda channel: channel.ask('Count', 20, type=4))
over('big', lambda channel: channel.ask('Big', 20000))


def upload(channel):
    channel.call('Collect', streams=['s'])
    for value in range(20):
        item(channel, 's', value)
    complete(channel, 's')
    channel.hear(count=1)


def hold_and_cancel(channel):
    channel.call('Hold', type=4)
    channel.hear(count=1)
    cancel(channel, '1')
    channel.hear(count=1)


def close(channel):
    channel.tell([7, None] if channel.msgpack else {'type': 7})
    channel.hear()


def broken(channel):
    channel.tell(b'\xc1' if channel.msgpack else 'rubbish')
    channel.hear()


over('upload', upload)
over('cancel', hold_and_cancel)
over('close', close)
over('broken', broken)
over('question', lambda channel: (channel.identify(), channel.call('Ask', '', 'who'),
                                  complete(channel, question_id(channel), result='me'), channel.hear(count=1)))


@talk('transport/user-of-the-first-request')
def _(t):
    events = t.events('/auth', ['Authorization: Bearer dave'])
    for body in (HANDSHAKE, b'{"type":1,"invocationId":"1","target":"UserId","arguments":[]}\x1e'):
        t.http('POST', f'/auth?id={events.token}', ['Authorization: Bearer erin'], body)
    events.hear_handshake()
    events.hear(count=1)

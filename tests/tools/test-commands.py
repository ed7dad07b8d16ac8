#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""krhub against our hub and ASP.NET Core's: commands, statuses, signals, terminals: KRHUB DIFF-SERVER PEER-FOLDER."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'interop' / 'differential')]

import differential  # noqa: E402
import places  # noqa: E402

KRHUB = sys.argv[1]
DEADLINE = 60
CERTIFICATE = HERE.parent / 'soup' / 'certificate.pem'
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ('KRHUB_TOKEN', 'NO_COLOR', 'LANGUAGE')}
ENVIRONMENT.update(LC_ALL='C.UTF-8', TERM='xterm', KRHUB_LOCALEDIR='/nonexistent')


class Site:
    """A hub's port, and what stands around it."""

    def __init__(self, port, is_peer):
        self.port = port
        self.is_peer = is_peer
        self.web = places.Web(port)
        self.tls = places.Relay(port, CERTIFICATE)
        self.relay = places.Relay(port)
        self.silence = places.Silence()

    def url(self, path='hub'):
        return f'http://127.0.0.1:{self.port}/{path}'

    def stop(self):
        for place in (self.web, self.tls, self.relay, self.silence):
            place.stop()


def start(*words, token=None, **options):
    environment = dict(ENVIRONMENT, **({'KRHUB_TOKEN': token} if token else {}), **options.pop('env', {}))
    return subprocess.Popen([KRHUB, *words], stdin=options.pop('stdin', subprocess.DEVNULL), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment, **options)


def run(*words, text=None, **options):
    process = start(*words, stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL, **options)
    out, err = process.communicate(text, timeout=DEADLINE)
    return process.returncode, out, err


def expect(got, status, out='', err=''):
    """Output has to be just so; of errors, a pattern has to occur."""
    assert got[0] == status, f'status {got[0]}, {status} was expected: {got[1]!r} {got[2]!r}'
    assert out is None or got[1] == out, f'{got[1]!r} on standard output, {out!r} was expected: {got[2]!r}'
    assert re.search(err, got[2]) if err else got[2] == '', f'{got[2]!r} on standard error, {err!r} was expected'


def wait_for(stream, text):
    """Reads lines until one has the text. Byte by byte: what a buffer took along, select() would wait for in vain."""
    lines = []
    while not lines or text not in lines[-1]:
        line = b''
        while not line.endswith(b'\n'):
            ready, _, _ = select.select([stream], [], [], DEADLINE)
            byte = os.read(stream.fileno(), 1) if ready else b''
            assert byte, f'{text!r} never came, but {lines} and {line}'
            line += byte
        lines.append(line.decode())
    return lines[-1]


# --- one call ---

def call_values(site):
    for method, argument, result in (('EchoString', 'hello wörld', '"hello wörld"'), ('EchoInt', '-5', '-5'),
                                     ('EchoBool', 'true', 'true'), ('EchoDouble', '1.5', '1.5'),
                                     ('EchoULong', '18446744073709551615', '18446744073709551615'),
                                     ('EchoLong', 'int64 -9223372036854775808', '-9223372036854775808'),
                                     ('EchoInts', '[1,-2]', '[1,-2]'), ('EchoStrings', "['a', 'b']", '["a","b"]'),
                                     ('EchoMap', '{"a":1}', '{"a":1}'), ('EchoMaybe', 'null', 'null'),
                                     ('EchoBytes', '@ay [0x61, 0xff]', '"Yf8="')):
        for protocol in ('json', 'messagepack'):
            expect(run('call', site.url(), method, argument, '--json', '-p', protocol), 0, result + '\n')


def call_transports(site):
    for transport in ('websockets', 'sse', 'long-polling', 'auto'):
        expect(run('call', site.url(), 'Two', 'a', '2', '--transport', transport), 0, '"a 2"\n')
    for transport in ('websockets', 'long-polling'):
        expect(run('call', site.url(), 'Two', 'a', '2', '--transport', transport, '-p', 'messagepack'), 0, '"a 2"\n')
    expect(run('call', site.url(), 'EchoString', 'a', '--skip-negotiation', '-r'), 0, 'a\n')
    expect(run('call', site.url().replace('http', 'ws'), 'EchoString', 'a'), 0, '"a"\n')


def call_pretty(site):
    expect(run('call', site.url(), 'EchoAny', '{"a": [1, {}], "b": null}'), 0,
           '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": null\n}\n')
    expect(run('call', site.url(), 'Nothing'), 0, None)
    expect(run('call', site.url(), 'Nothing', '--json'), 0, 'null\n')


def call_text(site):
    for text in ('5', '{"', '@-', '-x'):
        expect(run('call', site.url(), 'EchoString', '--text', '--json', '--', text), 0, json.dumps(text) + '\n')


def call_files(site):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'big.json')
        big = json.dumps(['x' * 20000])
        pathlib.Path(path).write_text(big, encoding='utf-8')
        expect(run('call', site.url(), 'EchoStrings', '@' + path, '--json'), 0, big + '\n')
    expect(run('call', site.url(), 'EchoMap', '@-', '--json', text='{"a": 7}\n'), 0, '{"a":7}\n')
    expect(run('call', site.url(), 'EchoMap', '@-', text='{"a": '), 2, '', 'is not a value')


def call_big(site):
    """Beyond the client's default limit; our hub gives up on a caller whose outbox holds more than 1 MiB."""
    size = 3000000 if site.is_peer else 1000000
    for options in ([], ['-p', 'messagepack'], ['--transport', 'sse'], ['--transport', 'long-polling']):
        status, out, err = run('call', site.url(), 'Big', str(size), '-r', *options)
        assert (status, len(out)) == (0, size + 1), (options, status, len(out), err)


def call_upload(site):
    expect(run('call', site.url(), 'Collect', '--upload', text='1\n2\n\n3\n'), 0, '"1 2 3 "\n')
    expect(run('call', site.url(), 'Collect', '--upload', text=''), 0, '""\n')
    expect(run('call', site.url(), 'Collect', '--upload', '--json', text='1\n{\n'), 2, '', 'Line 2 of standard input')
    many = ''.join(f'{number}\n' for number in range(5000))
    got = run('call', site.url(), 'Collect', '--upload', '-r', text=many)
    expect(got, 0, many.replace('\n', ' ') + '\n')


def call_errors(site):
    expect(run('call', site.url(), 'Fail', 'on purpose'), 1, '', 'on purpose')
    expect(run('call', site.url(), 'NoSuchMethod'), 1, '', 'Method does not exist')
    expect(run('call', site.url(), 'Count', '1'), 1, '', 'krhub stream')
    expect(run('stream', site.url(), 'EchoInt', '1'), 1, '', 'krhub call')
    expect(run('call', site.url(), 'Collect'), 1, '', '--upload')
    expect(run('call', site.url(), 'EchoInt', 'word'), 1, '', 'keeps the details')
    expect(run('call', site.url(), 'Secret'), 4, '', 'unauthorized')
    expect(run('call', site.url(), 'End'), 6, None, 'connection')
    expect(run('call', site.url(), 'EchoAny', '<handle 1>'), 2, '', 'handle')


def call_controls(site):
    status, _, err = run('call', site.url(), 'Fail', '"\\u001b[31m\\u009b5mred"')
    assert status == 1 and '\x1b' not in err and '\x9b' not in err, repr(err)
    text = '"\\u001b[31m\\u007f\\u009b"'
    expect(run('call', site.url(), 'EchoString', text, '--json'), 0, text + '\n')


# --- streams ---

def stream_items(site):
    for options in ([], ['--json'], ['-p', 'messagepack'], ['--transport', 'sse'], ['--transport', 'long-polling']):
        expect(run('stream', site.url(), 'Count', '4', *options), 0, '0\n1\n2\n3\n')
    expect(run('stream', site.url(), 'Count', '0'), 0, '')
    expect(run('stream', site.url(), 'Count', '1000000', '-n', '2'), 0, '0\n1\n')
    expect(run('stream', site.url(), 'CountAndFail'), 1, '0\n1\n2\n', 'torn')
    status, out, _ = run('stream', site.url(), 'Count', '20000')
    assert status == 0 and out.split() == [str(number) for number in range(20000)]


def stream_upload(site):
    expect(run('stream', site.url(), 'Mirror', '--upload', '-r', text='one\n"2"\nthree\n'), 0, 'one\n2\nthree\n')


def stream_pipe(site):
    pipe = '"$0" stream "$1" Count 1000000 | head -n 1; exit ${PIPESTATUS[0]}'
    result = subprocess.run(['bash', '-c', pipe, KRHUB, site.url()],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    expect((result.returncode, result.stdout, result.stderr), 141, '0\n')


# --- listening ---

def wait_until_known(listener, site):
    """Returns the connection's id, as JSON. ASP.NET Core answers a handshake before it knows whom it can send to."""
    # Quoted: an id may begin with a dash.
    name = json.dumps(wait_for(listener.stderr, 'Connected over').split()[-1])
    end = time.monotonic() + DEADLINE
    while run('call', site.url(), 'Knows', name)[1] != 'true\n':
        assert time.monotonic() < end, f'the hub never knew {name}'
    return name


def listen_events(site):
    listener = start('listen', site.url(), '--json', '-v', '-n', '3', '--answer', '{"is": "42"}', token='ear')
    wait_until_known(listener, site)
    for text in ('"one"', '"t\\"w o"'):
        expect(run('call', site.url(), 'ToUser', 'ear', text), 0, None)
    expect(run('call', site.url(), 'ToUser', 'ear', 'three'), 0, None)
    out, _ = listener.communicate(timeout=DEADLINE)
    events = [json.loads(line) for line in out.splitlines()]
    assert events == [{'event': 'Event', 'arguments': [text]} for text in ('one', 't"w o', 'three')], events
    assert listener.returncode == 0


def listen_names(site):
    listener = start('listen', site.url(), 'event', 'Other', '-v', '-n', '1', '-p', 'messagepack', token='named')
    wait_until_known(listener, site)
    expect(run('call', site.url(), 'ToUser', 'named', 'x y'), 0, None)
    out, _ = listener.communicate(timeout=DEADLINE)
    assert (listener.returncode, out.lower()) == (0, 'event "x y"\n'), out


def listen_answers(site):
    for answer, status, result in ((['--answer', 'yes'], 0, 'yes\n'), ([], 1, '')):
        listener = start('listen', site.url(), '-v', *answer)
        name = wait_until_known(listener, site)
        reason = '' if status == 0 else 'krhub listen has no answer'
        expect(run('call', site.url(), 'Ask', name, 'why?', '-r'), status, result, reason)
        assert wait_for(listener.stdout, 'Question') == 'Question "why?"\n'
        listener.send_signal(signal.SIGINT)
        listener.communicate(timeout=DEADLINE)
        assert listener.returncode == 130, listener.returncode


def listen_reconnect(site):
    listener = start('listen', f'http://127.0.0.1:{site.relay.port}/hub', '-v', '--reconnect', token='again')
    wait_for(listener.stderr, 'Connected')
    site.relay.cut()
    wait_for(listener.stderr, 'connecting again')
    wait_for(listener.stderr, 'Connected again')
    wait_until_known(listener, site)
    expect(run('call', site.url(), 'ToUser', 'again', 'still here'), 0, None)
    wait_for(listener.stdout, 'still here')
    listener.terminate()
    listener.communicate(timeout=DEADLINE)
    assert listener.returncode == 143, listener.returncode


def listen_lost(site):
    listener = start('listen', f'http://127.0.0.1:{site.relay.port}/hub', '-v')
    wait_for(listener.stderr, 'Connected')
    site.relay.cut()
    _, err = listener.communicate(timeout=DEADLINE)
    assert listener.returncode == 6 and 'connection' in err, (listener.returncode, err)


# --- sending, asking ---

def send_call(site):
    listener = start('listen', site.url(), '-v', '-n', '1', token='sent')
    wait_until_known(listener, site)
    expect(run('send', site.url(), 'ToUser', 'sent', 'on its way'), 0, '')
    out, _ = listener.communicate(timeout=DEADLINE)
    assert (listener.returncode, out) == (0, 'Event "on its way"\n'), out
    expect(run('send', site.url(), 'NoSuchMethod'), 0, '')


def info(site):
    status, out, err = run('info', site.url())
    assert status == 0 and err == '', err
    assert re.search(r'^Transports +WebSockets, ServerSentEvents, LongPolling$', out, re.M), out
    assert re.search(r'^Stateful reconnect +no$', out, re.M), out
    assert re.search(r'^Stateful reconnect +yes$', run('info', site.url('stateful'))[1], re.M)
    assert re.search(r'^Transports +LongPolling$', run('info', site.url('lp'))[1], re.M)
    status, out, _ = run('info', site.url(), '--json')
    assert status == 0 and len(out.splitlines()) == 1 and len(json.loads(out)['availableTransports']) == 3, out


# --- nobody there, or not for us ---

def unreachable(site):
    expect(run('call', 'http://127.0.0.1:1/hub', 'X'), 3, '', 'Nothing listens at 127.0.0.1:1')
    expect(run('call', 'http://no-such-host.invalid/hub', 'X'), 3, '', 'was not found')
    expect(run('call', site.url('nowhere'), 'X'), 3, '', 'There is no hub at')
    expect(run('info', site.url('nowhere')), 3, '', 'There is no hub at')
    expect(run('call', site.url('nowhere'), 'X', '--skip-negotiation'), 3, '', 'There is no hub at')
    expect(run('call', site.url('lp'), 'X', '--transport', 'sse'), 3, '', 'krhub info')
    expect(run('call', site.url('sse'), 'X', '-p', 'messagepack'), 3, '', 'use --protocol json')
    web = f'http://127.0.0.1:{site.web.port}/'
    for command in (['call', 'X'], ['info']):
        url = lambda name: [command[0], web + name, *command[1:]]
        expect(run(*url('page')), 3, '', 'is not a hub')
        expect(run(*url('broken')), 3, '', r'answered 500 \(Internal Server Error\)')
        got = run(*url('refuses'))
        expect(got, 1, '', 'Closed on')
        assert '\x1b' not in got[2]
    assert run('info', web + 'loop')[0] == 1


def unauthorized(site):
    auth = site.url('auth')
    expect(run('call', auth, 'UserId'), 4, '', 'KRHUB_TOKEN')
    expect(run('info', auth), 4, '', 'KRHUB_TOKEN')
    expect(run('call', auth, 'UserId', token='forbidden'), 4, '', 'does not let you in')
    expect(run('call', auth, 'UserId', '--skip-negotiation'), 4, '', 'KRHUB_TOKEN')
    expect(run('call', auth, 'UserId', '-r', token='me'), 0, 'me\n')
    expect(run('call', auth, 'UserId', '-r', '--token', 'you', token='me'), 0, 'you\n')
    expect(run('call', auth, 'UserId', '-r', '-H', 'Authorization: Bearer header'), 0, 'header\n')
    for transport in ('websockets', 'sse', 'long-polling'):
        expect(run('call', auth, 'UserId', '-r', '--transport', transport, token='me'), 0, 'me\n')
    with tempfile.NamedTemporaryFile('w') as file:
        file.write('filed\n')
        file.flush()
        expect(run('call', auth, 'UserId', '-r', '--token-file', file.name), 0, 'filed\n')
    web = f'http://127.0.0.1:{site.web.port}/headers'
    expect(run('call', web, 'X'), 4, '', 'who you are')
    expect(run('call', web, 'X', '-H', 'X-Key:  secret word'), 3, '', 'answered 500')


def redirected(site):
    url = f'http://127.0.0.1:{site.web.port}/redirect'
    expect(run('call', url, 'UserId', '-r'), 0, 'redirected\n')
    expect(run('call', url, 'UserId', '-r', token='mine'), 0, 'redirected\n')
    status, out, _ = run('info', url)
    assert status == 0 and re.search(r'^Redirects to +http', out, re.M) and re.search(r'^Transports', out, re.M), out


def tls(site):
    url = f'https://127.0.0.1:{site.tls.port}/hub'
    for command in (['call', url, 'EchoString', 'x'], ['info', url]):
        expect(run(*command), 3, '', 'certificate of 127.0.0.1:[0-9]+ is not trusted: it is self-signed(.|\n)*--insecure')
    expect(run('call', url, 'EchoString', 'x', '--skip-negotiation'), 3, '', 'is not trusted(.|\n)*--insecure')
    for transport in ('websockets', 'sse', 'long-polling'):
        expect(run('call', url, 'EchoString', 'x', '--insecure', '--transport', transport), 0, '"x"\n')
    expect(run('call', url, 'EchoString', 'x', '-k', '--skip-negotiation'), 0, '"x"\n')
    expect(run('call', f'https://127.0.0.1:{site.web.port}/hub', 'X'), 3, '', 'does not speak TLS(.|\n)*http://')
    assert run('info', url, '-k')[0] == 0


def out_of_time(site):
    expect(run('call', site.url(), 'Unanswered', '--timeout', '0.3'), 5, '', 'Not done after 0.3 s')
    expect(run('stream', site.url(), 'Hold', '--timeout', '0.5', '-r'), 5, 'held\n', 'Not done')
    expect(run('listen', site.url(), '--timeout', '0.3'), 5, '', 'Not done')
    for command in ('call', 'info'):
        words = [command, f'http://127.0.0.1:{site.silence.port}/hub', *(['X'] if command == 'call' else [])]
        expect(run(*words, '--timeout', '0.3'), 5, '', 'Not done')
    expect(run('call', site.url(), 'EchoString', 'x', '--timeout', '60'), 0, '"x"\n')


def usage(site):
    expect(run(), 2, '', 'krhub --help')
    expect(run('call', site.url()), 2, '', 'name of a method')
    expect(run('call', site.url(), 'EchoAny', '{"a":'), 2, '', r'line 1, byte 6')
    expect(run('call', site.url(), 'EchoAny', '--gvariant', 'word'), 2, '', 'is not a value')
    expect(run('call', site.url(), 'EchoAny', '@/no/such/file'), 2, '', 'cannot be read')
    assert run('--help')[0] == 0


# --- signals and terminals ---

def interrupted(site):
    for words in (['call', 'Unanswered'], ['stream', 'Hold'], ['listen']):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = start(words[0], site.url(), *words[1:], '-v')
            wait_for(process.stderr, 'Connected')
            process.send_signal(number)
            _, err = process.communicate(timeout=DEADLINE)
            assert process.returncode == status, (words, process.returncode, err)
            assert err in ('', 'Disconnecting\n'), err


def killed(site):
    """Nobody reads: the first signal cannot be heard, the second has to end it all the same."""
    process = start('stream', site.url(), 'Count', '100000000')
    wait_for(process.stdout, '0')
    process.send_signal(signal.SIGINT)
    # Pending signals of one number are one: the second has to come after the first was taken.
    for _ in range(DEADLINE * 10):
        try:
            process.wait(0.1)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
    assert process.returncode in (-signal.SIGINT, 130), process.returncode
    process.stdout.close()
    process.stderr.close()


def on_terminal(words, env=None):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(KRHUB, [KRHUB, *words], dict(ENVIRONMENT, **(env or {})))
    output = b''
    try:
        while data := os.read(terminal, 65536):
            output += data
    except OSError:
        pass
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), output.decode()


def terminal(site):
    words = ['call', site.url(), 'EchoAny', '{"a":"b"}']
    status, out = on_terminal(words)
    assert status == 0 and '\x1b[32m"b"\x1b[0m' in out and 'Connecting to' in out, repr(out)
    status, out = on_terminal(words, {'NO_COLOR': '1'})
    assert status == 0 and '\x1b[3' not in out and '"a": "b"' in out, repr(out)
    status, out = on_terminal(words, {'TERM': 'dumb'})
    assert status == 0 and '\x1b' not in out and 'Connecting' not in out, repr(out)
    status, out = on_terminal([*words, '--json'])
    assert status == 0 and '{"a":"b"}' in out, repr(out)


CASES = [call_values, call_transports, call_pretty, call_text, call_files, call_big, call_upload, call_errors,
         call_controls, stream_items, stream_upload, stream_pipe, listen_events, listen_names, listen_answers, listen_reconnect, listen_lost,
         send_call, info, unreachable, unauthorized, redirected, tls, out_of_time, usage, interrupted, killed, terminal]


def title(case):
    return case.__name__.replace('_', '-')


def hold(name, number, case, site):
    fault = None
    try:
        case(site)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        fault = str(error) or repr(error)
    for line in (fault or '').splitlines():
        print('# ' + line[:1000])
    print(f"{'ok' if fault is None else 'not ok'} {number} /commands/{name}/{title(case)}", flush=True)
    return fault is None


def main():
    cases = [case for case in CASES if len(sys.argv) < 5 or re.search(sys.argv[4], case.__name__)]
    print(f'1..{2 * len(cases)}')
    good = True
    peer = differential.build(sys.argv[3]) if differential.has_sdk() else None
    servers = {'krhub': differential.Server(False, sys.argv[2])}
    if peer is not None:
        servers['aspnet'] = differential.Server(True, 'dotnet', peer)
    number = 0
    for name in ('krhub', 'aspnet'):
        site = Site(servers[name].port, servers[name].is_peer) if name in servers else None
        for case in cases:
            number += 1
            if site is None:
                print(f'ok {number} /commands/{name}/{title(case)} # SKIP no .NET SDK, or its packages are out of reach')
            else:
                good = hold(name, number, case, site) and good
        if site is not None:
            site.stop()
    for server in servers.values():
        server.stop()
    return 0 if good else 1


sys.exit(main())

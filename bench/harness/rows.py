# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The rows: what is measured, with whom it is compared, and the bar it has to reach.
import dataclasses
import math
import re
import socket
import subprocess
import time
import typing

import cancel
import clients
import programs

PAYLOAD = 100      # bytes of text in every call
ALL = ('ours', 'peer', 'limit')
PAIR = ('ours', 'peer')


@dataclasses.dataclass
class Sample:
    """One figure of one round, with the server's CPU time per message where there are messages."""
    value: float
    cpu_us: typing.Optional[float] = None


@dataclasses.dataclass
class Row:
    """measure (run, who) gives a Sample; bars compare medians, each as a ratio that must be at least reached:
    peer and limit of the figure, cpu of the peer's CPU time per message to ours, and value is absolute."""
    name: str
    unit: str
    what: str
    measure: typing.Callable
    who: tuple = ALL
    lower: bool = False      # less is better
    bars: dict = dataclasses.field(default_factory=dict)
    rounds: typing.Optional[int] = None    # for what takes long or hardly varies


def rate(run, who, variant='plain', **options):
    figures = run.load(who, variant, **{'payload': PAYLOAD, **options})
    return Sample(figures['per_second'], figures['server_cpu_us'])


def echo(protocol, connections, depth, **options):
    return lambda run, who: rate(run, who, mode='echo', protocol=protocol, connections=connections, depth=depth,
                                 **options)


def fan(protocol, connections, depth, **options):
    return lambda run, who: rate(run, who, mode='fan', protocol=protocol, connections=connections, depth=depth,
                                 **options)


def stream(protocol):
    return lambda run, who: rate(run, who, mode='stream', protocol=protocol, connections=1, items=100000)


def latency(variant):
    def measure(run, who):
        figures = run.load(who, variant if who == 'ours' else 'plain', mode='echo', connections=1, depth=1,
                           payload=PAYLOAD)
        return Sample(figures['p50_us'], figures['server_cpu_us'])
    return measure


def flat(**others):
    """The rate of ten active connections with others beside them, as a share of their rate alone."""
    def measure(run, who):
        alone = run.load(who, mode='echo', connections=10, depth=1, payload=PAYLOAD)
        beside = run.load(who, mode='echo', connections=10, depth=1, payload=PAYLOAD, **others)
        if others.get('half_open', 0) > 0 and who == 'ours' and beside['half_open_alive'] == 0:
            raise programs.Failed('no half-open connection lived through the measurement')
        return Sample(beside['per_second'] / alone['per_second'], beside['server_cpu_us'])
    return measure


def memory(connections, kind, variant='plain', **options):
    """What each of many connections adds to a server that has served before."""
    def measure(run, who):
        with run.fresh(who, variant) as server:
            programs.load(server, mode='echo', connections=100, depth=8, seconds=0.5 if run.quick else 2,
                          payload=PAYLOAD, **options)
            programs.load(server, mode='connect', connections=100, **options)
            time.sleep(0.5)
            figures = programs.load(server, mode='idle', connections=connections, seconds=2, **options)
        return Sample((figures[f'{kind}_kib'] - figures[f'{kind}_before_kib']) / connections)
    return measure


def connect(connections, variant='plain', **options):
    def measure(run, who):
        figures = run.load(who, variant, mode='connect', connections=connections, timed=False, **options)
        return Sample(connections / figures['rounds'][0]['connect_ms'] * 1000)
    return measure


def left_over(connections, rounds, what):
    """What is left of many connections that came and went: memory from the second round to the last, descriptors."""
    def measure(run, who):
        with run.fresh(who) as server:
            figures = programs.load(server, mode='connect', connections=connections, rounds=2 if run.quick else rounds)
        if what == 'descriptors':
            return Sample(figures['rounds'][-1]['descriptors'] - figures['descriptors_before'])
        first = 0 if run.quick else 1
        return Sample(figures['rounds'][-1]['rss_kib'] - figures['rounds'][first]['rss_kib'])
    return measure


def cold_start(run, who):
    """From the start of the process to the answer to its first negotiate request, in milliseconds."""
    with run.fresh(who) as server:
        with socket.create_connection(('127.0.0.1', server.port)) as connection:
            connection.sendall(b'POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n'
                               b'Content-Length: 0\r\n\r\n')
            answer = connection.recv(4096)
        if not answer.startswith(b'HTTP/1.1 200'):
            raise programs.Failed(f'{who} answered {answer[:80]!r}')
        return Sample((time.monotonic() - server.begun) * 1000)


def cancel_latency(run, who):
    """p99, in milliseconds, of the time from the cancel POST to the OperationComplete event, over TLS."""
    with run.fresh('demo') as server:
        try:
            taken = sorted(cancel.measure(server.port, 50 if run.quick else 200))
        except RuntimeError as error:
            raise programs.Failed(str(error)) from error
    return Sample(taken[int(len(taken) * 0.99)] * 1000)


def library_size(run, who):
    """The stripped shared libraries of hub and transport."""
    total = 0
    for name in ['libkrhub/libkrhub-1.so.1.0.0', 'transports/soup/libkrhub-soup-1.so.1.0.0']:
        source = programs.find(name)
        target = programs.OUTPUT / 'stripped.so'
        subprocess.run(['strip', '-o', str(target), source], check=True)
        total += target.stat().st_size
        target.unlink()
    return Sample(total / 1024)


def figure_of(run, command, pattern):
    """What a program prints about itself; several rows may look at what it printed in the same round."""
    if (run.number, *command) not in run.printed:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        run.printed[(run.number, *command)] = done.stdout if done.returncode == 0 else ''
    found = re.search(pattern, run.printed[(run.number, *command)], re.M)
    if not found:
        raise programs.Failed(f'{" ".join(command)} printed no figure')
    return Sample(float(found[1]))


def in_process(program, arguments, pattern, peer=None, limit=None, npm=None):
    """A path alone, without sockets: pattern finds our figure in what program prints, limit the limit's; peer is the
    name that the peer's program knows it by, npm the one of a package that is the peer instead."""
    def measure(run, who):
        if who == 'peer':
            command = programs.npm(npm) if npm else programs.peer('plain') + [f'--measure={peer}']
            return figure_of(run, command, r'([\d.]+) ns')
        return figure_of(run, [programs.find(program), *arguments], pattern if who == 'ours' else limit)
    return measure


def echo_rows():
    bars = {(10, 1): {'peer': 2, 'limit': 0.85, 'cpu': 2.5}, (10, 32): {'peer': 2.5, 'limit': 0.65, 'cpu': 4}}
    for protocol in ['json', 'messagepack']:
        for connections in [1, 10, 100]:
            for depth in [1, 32]:
                yield Row(f'echo-{protocol}-{connections}x{depth}', 'messages/s',
                          f'Echo, {connections} connections, {depth} in flight on each',
                          echo(protocol, connections, depth), bars=bars.get((connections, depth), {}))
    for size in [1000, 10000]:
        yield Row(f'echo-json-{size}-bytes', 'messages/s', f'Echo of {size} bytes, 10 connections, 8 in flight on each',
                  echo('json', 10, 8, payload=size))


def broadcast_rows():
    bars = {100: {'peer': 1.3, 'limit': 0.85, 'cpu': 2}, 1000: {'peer': 1.9, 'limit': 0.85, 'cpu': 2.5},
            5000: {'peer': 2.5, 'limit': 0.85, 'cpu': 3.5}}
    for protocol in ['json', 'messagepack']:
        for connections, depth in [(100, 4), (1000, 4), (5000, 2)]:
            yield Row(f'broadcast-{protocol}-{connections}', 'messages/s',
                      f'Broadcast to {connections} connections, {depth} in flight',
                      fan(protocol, connections, depth), bars=bars[connections])
    for members, others in [(1000, 0), (100, 0), (100, 4900)]:
        yield Row(f'group-json-{members}-of-{members + others}', 'messages/s',
                  f'Send to a group of {members} among {members + others} connections, 4 in flight',
                  fan('json', members, 4, target='ToGroup', join='Join', group='g', idle=others), who=PAIR)


def thread_rows():
    """Sockets in two threads beside the hub's. With two cores, one of them the load generator's, they have no room to
    gain much; what they cost shows."""
    yield Row('threads-broadcast-1000', 'messages/s', 'Broadcast to 1,000, sockets in 2 threads, 4 in flight',
              lambda run, who: rate(run, who, 'two-threads' if who == 'ours' else 'plain', mode='fan', protocol='json',
                                    connections=1000, depth=4))
    yield Row('threads-echo-10x32', 'messages/s', 'Echo, sockets in 2 threads, 10 connections, 32 in flight',
              lambda run, who: rate(run, who, 'two-threads' if who == 'ours' else 'plain', mode='echo', protocol='json',
                                    connections=10, depth=32))


def transport_rows():
    for transport in ['sse', 'long-polling']:
        yield Row(f'{transport}-10x1', 'messages/s', f'Echo over {transport}, 10 connections, one in flight',
                  echo('json', 10, 1, transport=transport), who=PAIR)
    for depth in [1, 32]:
        yield Row(f'tls-10x{depth}', 'messages/s', f'Echo over TLS, 10 connections, {depth} in flight',
                  echo('json', 10, depth, variant='tls', tls=True), who=PAIR)
    yield Row('tls-connect-1000', 'connections/s', '1,000 connections over TLS until the last one is ready',
              connect(1000, variant='tls', tls=True), who=PAIR, rounds=3)
    yield Row('tls-memory-1000', 'KiB/connection', 'RSS per idle connection over TLS of 1000',
              memory(1000, 'rss', variant='tls', tls=True), who=PAIR, lower=True, rounds=3)
    yield Row('tls-broadcast-1000', 'messages/s', 'Broadcast over TLS to 1,000, 4 in flight',
              fan('json', 1000, 4, variant='tls', tls=True), who=PAIR)


def flat_rows():
    for connections in [1000, 4000, 8000]:
        yield Row(f'flat-idle-{connections}', 'ratio', f'Rate of 10 beside {connections} idle connections',
                  flat(idle=connections), lower=False, bars={'value': 0.9} if connections == 8000 else {})
    yield Row('flat-half-open-4000', 'ratio', 'Rate of 10 beside 4,000 connections with half a request head',
              flat(half_open=4000), who=PAIR, bars={'value': 0.9})
    yield Row('flat-polls-2000', 'ratio', 'Rate of 10 beside 2,000 held polls',
              flat(idle=2000, idle_transport='long-polling'), who=PAIR, bars={'value': 0.9})


def memory_rows():
    for connections in [1000, 8000]:
        for kind in ['rss', 'pss']:
            yield Row(f'memory-{kind}-{connections}', 'KiB/connection',
                      f'{kind.upper()} per idle connection of {connections}', memory(connections, kind), lower=True,
                      rounds=3, bars={'value': 3})


def codec_rows():
    for protocol in ['json', 'messagepack']:
        yield Row(f'codec-{protocol}', 'ns', f'Parse an Echo of {PAYLOAD} bytes and write its completion',
                  in_process('bench/bench-codec', ['20000', str(PAYLOAD)], rf'^{protocol} +\d+ +[\d.]+ +([\d.]+)',
                             peer=f'codec-{protocol}'), who=PAIR, lower=True)
        yield Row(f'dispatch-{protocol}', 'ns', 'Parse, dispatch, answer, serialise and outbox of one Echo over memory',
                  in_process('bench/bench-dispatch', ['2000000', '32', str(PAYLOAD), protocol], r'([\d.]+) ns'),
                  who=('ours',), lower=True, bars={'value': 500})


def token_rows():
    for name, line, anew, bar in [('issue', 'issue', 'issue', 1e3 / 3.6),
                                  ('validate', 'validate a pair', 'validate', 1e3 / 2.2)]:
        yield Row(f'token-{name}', 'ns', f'{name.capitalize()} a token, the limit is its SHA-256',
                  in_process('bench/bench-csrf', [], rf'^{line} +([\d.]+) ns',
                             limit=rf'^{line} +[\d.]+ ns.*limit +([\d.]+) ns'),
                  who=('ours', 'limit'), lower=True, rounds=3, bars={'value': bar})
        made = rf'^request made anew, {anew} +([\d.]+) ns'
        yield Row(f'token-{name}-request', 'ns', f'{name.capitalize()} a token of a request that is made anew',
                  in_process('bench/bench-csrf', [], made, peer=f'token-{name}'), who=PAIR, lower=True, rounds=3,
                  bars={'peer': 4})
        for package in ['csrf', 'csrf-csrf', 'fastify', 'fastify-bound']:
            # The packages are given what is parsed already; only the first is what the bar speaks of.
            yield Row(f'token-{name}-npm-{package}', 'ns', f'{name.capitalize()}; the peer is {package} on Node.js',
                      in_process('bench/bench-csrf', [], rf'^{line} +([\d.]+) ns', npm=f'{package}-{name}'), who=PAIR,
                      lower=True, rounds=3, bars={'peer': 4})
            yield Row(f'token-{name}-anew-{package}', 'ns', 'The same with a request that is made anew',
                      in_process('bench/bench-csrf', [], made, npm=f'{package}-{name}'), who=PAIR, lower=True,
                      rounds=3)


def own_rows():
    for name, unit, what, bench, pattern, bar in [
            ('task', 'ns', 'Create, queue, run and finish an empty task', 'empty', r'^create, run, finish +([\d.]+) ns', 2000),
            ('task-cancel', 'ratio', 'Cancel one of 100,000 queued tasks beside one of 1,000', 'cancel',
             r'ratio +([\d.]+)', 1.5),
            ('task-progress', 'ns', 'CPU for one update of the progress, from four threads', 'progress',
             r'^progress +([\d.]+) ns', 100),
            ('task-steps', 'ns', 'The same with a step for each thread', 'steps', r'^steps +([\d.]+) ns', 100),
            ('task-signals', 'signals/s', 'Progress signals meanwhile, in the second with most of them', 'progress',
             r'([\d.]+) signals/s', 10),
            ('task-wake', 'us', 'From the cancel to the return of a sleeping body, 99 of 100', 'sleep',
             r'([\d.]+) us p99', 1000)]:
        yield Row(name, unit, what, in_process('bench/bench-task', [bench], pattern), who=('ours',), lower=True,
                  rounds=3, bars={'value': bar})
    yield Row('library-size', 'KiB', 'libkrhub and libkrhub-soup, stripped', library_size, who=('ours',), lower=True,
              rounds=1)


def client_echo(messagepack):
    def measure(run, who):
        figures = clients.measure(run.server('ours'), who, depth=32, payload=PAYLOAD, seconds=run.seconds,
                                  messagepack=messagepack)
        return Sample(figures['per_second'], figures['cpu_us'])
    return measure


def client_memory(connections):
    """Of the whole process with one connection; else of each of many."""
    def measure(run, who):
        figures = clients.measure(run.server('ours'), who, depth=0, clients=connections, seconds=0.5)
        if connections == 1:
            return Sample(figures['rss_kib'])
        return Sample((figures['rss_kib'] - figures['rss_before_kib']) / connections)
    return measure


def client_rows():
    for protocol in ['json', 'messagepack']:
        yield Row(f'client-echo-{protocol}-32', 'messages/s', 'One client, 32 calls in flight; the peer is the .NET client',
                  client_echo(protocol == 'messagepack'), who=PAIR, bars={'peer': 2, 'cpu': 3})
    yield Row('client-memory', 'KiB', 'RSS of a process with one connection; the peer is a .NET console program',
              client_memory(1), who=PAIR, lower=True, rounds=3, bars={'peer': 4})
    yield Row('client-memory-1000', 'KiB/client', 'RSS per client of 1,000 in one process', client_memory(1000), who=PAIR,
              lower=True, rounds=3, bars={'value': 40})


def all_rows():
    yield from echo_rows()
    yield Row('latency', 'us', 'One connection, one in flight: median round trip', latency('plain'), lower=True,
              bars={'cpu': 2})
    yield Row('latency-busy', 'us', 'The same with busy-polling', latency('busy'), who=PAIR, lower=True,
              bars={'peer': 1})
    yield from broadcast_rows()
    for protocol in ['json', 'messagepack']:
        yield Row(f'stream-{protocol}', 'items/s', 'Streams of 100,000 numbers, one after the other', stream(protocol),
                  who=PAIR)
    yield from transport_rows()
    yield from thread_rows()
    yield from flat_rows()
    yield from memory_rows()
    yield Row('connect-8000', 'connections/s', '8,000 connections until the last one is ready', connect(8000), rounds=3,
              bars={'peer': 1.6})
    yield Row('left-memory', 'KiB', '8,000 connections, ten times: RSS after the last beside after the second',
              left_over(8000, 10, 'memory'), who=PAIR, lower=True, rounds=1)
    yield Row('left-descriptors', 'descriptors', '8,000 connections, ten times: descriptors left over',
              left_over(8000, 10, 'descriptors'), who=PAIR, lower=True, rounds=1, bars={'value': 0})
    yield Row('cold-start', 'ms', 'Start of the process to the first answer', cold_start, who=PAIR, lower=True,
              bars={'value': 30})
    yield Row('cancel-p99', 'ms', 'From the cancel POST to OperationComplete at the page, 99 of 100', cancel_latency,
              who=('ours',), lower=True, rounds=3, bars={'value': 10})
    yield from client_rows()
    yield from codec_rows()
    yield from token_rows()
    yield from own_rows()


def judge(row, medians, cpus):
    """Which bars hold: (name, wanted, got, holds) for each bar that can be judged."""
    def ratio(a, b):
        return math.nan if not a or not b else (b / a if row.lower else a / b)
    for name, wanted in row.bars.items():
        if name == 'value':
            got = medians['ours']
            yield name, wanted, got, got <= wanted if row.lower else got >= wanted
        elif name == 'cpu' and cpus.get('ours') and cpus.get('peer'):
            got = cpus['peer'] / cpus['ours']
            yield name, wanted, got, got >= wanted
        elif name in medians and name != 'ours':
            got = ratio(medians['ours'], medians[name])
            yield name, wanted, got, got >= wanted

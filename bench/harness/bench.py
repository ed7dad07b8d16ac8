#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Measures our hub, its peer and the limit in turns, and prints one table; see docs/performance.md.
import argparse
import contextlib
import dataclasses
import fnmatch
import pathlib
import statistics
import subprocess
import sys

import programs
import report
import rows

# What every server serves before it is measured: .NET compiles what is called often, in the background.
WARM_UP = [
    {'mode': 'echo', 'connections': 10, 'depth': 32},
    {'mode': 'echo', 'connections': 10, 'depth': 32, 'protocol': 'messagepack'},
    {'mode': 'fan', 'connections': 100, 'depth': 4},
]


@dataclasses.dataclass
class Result:
    """All rounds of one row."""
    row: rows.Row
    samples: dict

    @property
    def medians(self):
        return {who: statistics.median(sample.value for sample in samples) for who, samples in self.samples.items()}

    @property
    def cpus(self):
        found = {who: [sample.cpu_us for sample in samples if sample.cpu_us is not None]
                 for who, samples in self.samples.items()}
        return {who: statistics.median(values) for who, values in found.items() if values}

    def low(self, who):
        return min((sample.value for sample in self.samples.get(who, [])), default=None)

    def high(self, who):
        return max((sample.value for sample in self.samples.get(who, [])), default=None)


class Run:
    """The servers that live through all rows, and the settings of this run."""

    def __init__(self, quick, seconds):
        self.quick = quick
        self.seconds = seconds
        self.servers = {}
        self.number = 0         # of the round
        self.printed = {}       # what programs printed about themselves

    def server(self, who, variant='plain'):
        server = self.servers.get((who, variant))
        if server is None or not server.is_alive():
            server = self.servers[who, variant] = programs.Server(who, variant)
            for options in WARM_UP:
                with contextlib.suppress(programs.Failed):    # what does not work shows in its own row
                    programs.load(server, seconds=0.5 if self.quick else 2, tls=variant == 'tls', **options)
        return server

    def load(self, who, variant='plain', timed=True, **options):
        """Figures of one round; the first one of a row runs for a while before it counts."""
        if timed:
            options = {'seconds': self.seconds, 'warm_up': 1 if self.number == 0 and not self.quick else 0.3, **options}
        return programs.load(self.server(who, variant), **options)

    @contextlib.contextmanager
    def fresh(self, who, variant='plain'):
        """A server of its own, for what another row would disturb."""
        server = programs.Server(who, variant)
        try:
            yield server
        finally:
            server.stop()

    def stop(self):
        for server in self.servers.values():
            server.stop()


def measure(run, row, rounds):
    """Interleaved: ours, peer, limit, ours, ... A program that is missing is said and left out."""
    samples = {}
    left_out = set()
    for number in range(rounds):
        run.number = number
        for who in row.who:
            if who in left_out:
                continue
            try:
                samples.setdefault(who, []).append(row.measure(run, who))
            except (programs.Missing, programs.Failed, OSError, subprocess.SubprocessError) as error:
                print(f'-- {row.name}: without {who}: {error}', flush=True)
                samples.pop(who, None)
                left_out.add(who)
        if not samples or 'ours' in left_out:
            return None
    return Result(row, samples)


def choose(patterns, only_bars):
    chosen = [row for row in rows.all_rows()
              if (row.bars or not only_bars) and
              (not patterns or any(fnmatch.fnmatch(row.name, pattern) for pattern in patterns))]
    if not chosen:
        sys.exit(f'no such row: {" ".join(patterns)}; --list shows all')
    return chosen


def parse():
    parser = argparse.ArgumentParser(prog='./run bench',
                                     description='Measures the hub, its peer and the limit in turns.')
    parser.add_argument('rows', nargs='*', metavar='NAME', help='rows to measure, * and ? allowed (default: all)')
    parser.add_argument('--quick', action='store_true', help='one short round each')
    parser.add_argument('--json', type=pathlib.Path, metavar='FILE', help='write the rows there as well')
    parser.add_argument('--rounds', type=int, help='rounds of each row (default 5)')
    parser.add_argument('--seconds', type=float, help='length of a round (default 1)')
    parser.add_argument('--bars', action='store_true', help='only the rows that have a bar')
    parser.add_argument('--list', action='store_true', help='list the rows and end')
    return parser.parse_args()


def main():
    arguments = parse()
    chosen = choose(arguments.rows, arguments.bars)
    if arguments.list:
        for row in chosen:
            print(f'{row.name:<24}{row.what}')
        return 0
    programs.OUTPUT.mkdir(parents=True, exist_ok=True)
    run = Run(arguments.quick, arguments.seconds or (0.5 if arguments.quick else 1))
    results, left_out = [], []
    print(report.head(), flush=True)
    try:
        for row in chosen:
            rounds = 1 if arguments.quick else arguments.rounds or row.rounds or 5
            result = measure(run, row, rounds)
            if result is None:
                left_out.append(row.name)
                print(f'-- {row.name}: left out', flush=True)
                continue
            results.append(result)
            print(report.table_line(result), flush=True)
            report.write_json(programs.OUTPUT / f'{row.name}.json', [result])
            (programs.OUTPUT / f'{row.name}.svg').write_text(report.plot(result))
    finally:
        run.stop()
        for path in [programs.OUTPUT / 'bench.json', arguments.json]:
            if path is not None:
                report.write_json(path, results)
        (programs.OUTPUT / 'table.md').write_text(report.as_markdown(results))
    missed = [result.row.name for result in results
              for *_, holds in rows.judge(result.row, result.medians, result.cpus) if not holds]
    print(f'{len(results)} rows, {len(left_out)} left out, bars missed: {", ".join(dict.fromkeys(missed)) or "none"}; '
          f'plots and JSON in {programs.OUTPUT.relative_to(programs.ROOT)}')
    return 0 if results else 1


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Holds the same raw conversations with our server and with ASP.NET Core's and compares what they say.

differential.py DIFF_SERVER BUILD_DIR [PATTERN]: rows whose name has PATTERN in it only, with both transcripts shown.
"""
import concurrent.futures
import difflib
import os
import re
import shutil
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True
SOURCE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, SOURCE)

from table import ROWS  # noqa: E402
from talk import Stopped, Talk  # noqa: E402

WORKERS = 12


def has_sdk():
    if shutil.which('dotnet') is None:
        return False
    listed = subprocess.run(['dotnet', '--list-sdks'], stdout=subprocess.PIPE, text=True, check=False)
    return any(line.split('.')[0].isdigit() and int(line.split('.')[0]) >= 10 for line in listed.stdout.splitlines())


def build(directory):
    """Builds a copy, so that nothing is left in the source tree; returns the program's path or None."""
    project, output = os.path.join(directory, 'project'), os.path.join(directory, 'out')
    os.makedirs(project, exist_ok=True)
    source = os.path.join(SOURCE, 'aspnet')
    names = sorted(os.listdir(source))
    program = os.path.join(output, 'diff-aspnet.dll')
    if os.path.exists(program) and all(os.path.getmtime(os.path.join(source, name)) < os.path.getmtime(program) for name in names):
        return program
    for name in names:
        shutil.copyfile(os.path.join(source, name), os.path.join(project, name))
    environment = dict(os.environ, DOTNET_CLI_TELEMETRY_OPTOUT='1', DOTNET_NOLOGO='1')
    done = subprocess.run(['dotnet', 'build', project, '-c', 'Release', '-v', 'q', '-o', output, '-nodeReuse:false'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False)
    if done.returncode == 0:
        os.utime(program)
        return program
    for line in done.stdout.splitlines():
        print('# ' + line)
    return None


class Server:
    """A server that has said where it listens."""

    def __init__(self, is_peer, *command):
        self.is_peer = is_peer
        environment = {name: value for name, value in os.environ.items() if name != 'MALLOC_PERTURB_'}
        environment['G_DEBUG'] = 'fatal-criticals'  # a result that cannot be written is worth a warning, and asked for here
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        line = self.process.stdout.readline()
        found = re.search(r'listening on 127\.0\.0\.1:(\d+)', line)
        if found is None:
            raise RuntimeError(f'{command} says {line!r}')
        self.port = int(found.group(1))

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def hold(row, server):
    """One conversation with one server."""
    talk = Talk(server.port, server.is_peer)
    try:
        row.body(talk)
    except Stopped:
        talk.note('the connection ended early')
    except (AssertionError, OSError, ValueError, KeyError, AttributeError, IndexError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return talk.lines + [f'FAULT {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})']
    finally:
        talk.finish()
    return talk.lines


def judge(row, ours, theirs):
    """None if the row is as it should be, else why not."""
    if any(line.startswith('FAULT') for line in ours + theirs):
        return 'a conversation could not be held'
    if not ours:
        return 'nothing was said'
    if row.differs is None:
        return None if ours == theirs else 'they differ'
    if ours == theirs:
        return 'they no longer differ'
    if row.ours not in '\n'.join(ours):
        return f'ours does not say {row.ours!r}'
    return None


def report(number, row, ours, theirs, verbose):
    reason = judge(row, ours, theirs)
    name = f'{row.name} (ours on purpose: {row.differs})' if row.differs else row.name
    if reason is not None:
        print(f'# {reason}')
    if reason is not None or verbose:
        for line in difflib.unified_diff(theirs, ours, 'ASP.NET Core', 'ours', lineterm='', n=30) if ours != theirs else ours:
            print('# ' + (line if len(line) < 600 else line[:600] + f'... ({len(line)})'))
    print(f"{'ok' if reason is None else 'not ok'} {number} - {name}", flush=True)
    return reason is None


def main():
    program, directory = sys.argv[1:3]
    without = os.environ.get('KR_DIFF_WITHOUT')
    rows = [row for row in ROWS if len(sys.argv) < 4 or re.search(sys.argv[3], row.name)]
    if not has_sdk():
        print('1..0 # SKIP no .NET SDK of version 10 or later')
        return 77
    peer = build(directory)
    if peer is None:
        print('1..0 # SKIP the ASP.NET Core peer does not build here (its MessagePack classes come from a registry)')
        return 77
    servers = [Server(False, program), Server(True, 'dotnet', peer)]
    print(f'1..{len(rows) + 1}')
    ok = True
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        # The slow ones first; they wait more than they work.
        talks = {row.name: [pool.submit(hold, row, server) for server in servers]
                 for row in sorted(rows, key=lambda row: not row.slow) if row.name != without}
        for number, row in enumerate(rows, 1):
            if row.name == without:
                print(f'ok {number} - {row.name} # SKIP left out here by KR_DIFF_WITHOUT', flush=True)
                continue
            ours, theirs = (talk.result() for talk in talks[row.name])
            for _ in range(4 if row.races else 0):
                if judge(row, ours, theirs) is None:
                    break
                ours, theirs = (hold(row, server) for server in servers)
            ok = report(number, row, ours, theirs, len(sys.argv) > 3) and ok
    status = servers[0].stop()
    servers[1].stop()
    print(f"{'ok' if status == 0 else 'not ok'} {len(rows) + 1} - our server ends in good order # status {status}")
    return 0 if ok and status == 0 else 1


if __name__ == '__main__':
    sys.exit(main())

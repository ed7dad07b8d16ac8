# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# The programs of a measurement: our server, the peer, the limit and the load generator, and how they are started.
import ctypes
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / 'build' / 'release'
OUTPUT = ROOT / 'build' / 'bench'
ASPNET = OUTPUT / 'aspnet' / 'publish' / 'aspnet' / 'release' / 'bench-aspnet.dll'
START_TIMEOUT = 30


class Missing(Exception):
    """A program that a row needs is not there; the row is left out."""


class Failed(Exception):
    """A program did not do what a row needs; the row has no figure."""


def find(relative):
    path = RELEASE / relative
    if not path.exists():
        raise Missing(f'{path.name} is not built')
    return str(path)


def has_option(program, option):
    shown = subprocess.run([program, '--help'], capture_output=True, text=True, check=False)
    return option in shown.stdout


def certificate():
    """A self-signed certificate and its key, the same for every server; made once."""
    cert, key = OUTPUT / 'certificate.pem', OUTPUT / 'key.pem'
    if not key.exists():
        if shutil.which('openssl') is None:
            raise Missing('openssl is not installed')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                        '-nodes', '-subj', '/CN=127.0.0.1', '-days', '3650', '-keyout', str(key), '-out', str(cert)],
                       check=True, capture_output=True)
    return cert, key


def ours(variant):
    command = [find('bench/bench-server'), '--port=0']
    extra = {
        'plain': [],
        'busy': ['--busy-poll=100'],
        'two-threads': ['--threads=2'],
    }
    if variant == 'tls':
        extra['tls'] = [f'--{name}={path}' for name, path in zip(['certificate', 'key'], certificate())]
    for option in extra[variant]:
        if not has_option(command[0], option.split('=')[0]):
            raise Missing(f'bench-server has no {option.split("=")[0]}')
    return command + extra[variant]


def build_aspnet():
    """Publishes the peer below build/bench; NuGet fetches what it needs the first time."""
    if shutil.which('dotnet') is None:
        raise Missing('dotnet is not installed')
    source = ROOT / 'bench' / 'peers' / 'aspnet'
    newest = max(path.stat().st_mtime for path in source.iterdir())
    if ASPNET.exists() and ASPNET.stat().st_mtime > newest:
        return
    print('==> building the peer with dotnet', flush=True)
    log = OUTPUT / 'aspnet.log'
    with log.open('w') as output:
        done = subprocess.run(['dotnet', 'publish', '-c', 'Release', '--artifacts-path', str(OUTPUT / 'aspnet'),
                               str(source / 'aspnet.csproj')], stdout=output, stderr=output, check=False)
    if done.returncode != 0 or not ASPNET.exists():
        raise Missing(f'the ASP.NET Core peer does not build, see {log}')
    ASPNET.touch()


def peer(variant):
    build_aspnet()
    command = ['dotnet', str(ASPNET), '--port=0']
    if variant == 'tls':
        command += [f'--{name}={path}' for name, path in zip(['certificate', 'key'], certificate())]
    return command


def npm(measure):
    """The command that measures an npm package."""
    modules = ROOT / 'build' / 'npm' / 'bench' / 'node_modules'
    if shutil.which('node') is None or not modules.is_dir():
        raise Missing('node or the npm packages are not installed')
    return ['env', f'NODE_MODULES={modules}', 'node', str(ROOT / 'bench' / 'peers' / 'npm' / 'measure.mjs'), measure]


def limit(variant):
    if variant == 'tls':
        raise Missing('the limit has no TLS')
    return [find('bench/limit/bench-limit'), '--port=0']


def demo(variant):
    return [find('demo/server/kr-demo'), '--port=0', '--bus=none']


COMMANDS = {'ours': ours, 'peer': peer, 'limit': limit, 'demo': demo}


def end_with_parent():
    """In a child: a server must not outlive a measurement that was killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Server:
    """A running server that has said where it listens."""

    def __init__(self, who, variant='plain'):
        self.who = who
        self.begun = time.monotonic()
        self.process = subprocess.Popen(COMMANDS[who](variant), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        preexec_fn=end_with_parent,
                                        env={**os.environ, 'G_DEBUG': '', 'XDG_DATA_HOME': str(OUTPUT / 'data')})
        self.port = self._await_port()
        self.pid = self.process.pid

    def _await_port(self):
        readable, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT)
        line = self.process.stdout.readline().decode() if readable else ''
        found = re.search(r':(\d+)', line)
        if not found:
            self.stop()
            raise Failed(f'{self.who} did not start: {line!r}')
        return int(found[1])

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """Ends it, asks first."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def load(server, **options):
    """One run of the load generator against the server: its figures. Options are those of bench-load."""
    command = [find('bench/load/bench-load'), '--json', f'--port={server.port}', f'--pid={server.pid}']
    for name, value in options.items():
        name = name.replace('_', '-')
        if value is not False:
            command += [f'--{name}'] if value is True else [f'--{name}={value}']
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if not server.is_alive():
        raise Failed(f'{server.who} ended while it was measured')
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [done.stdout.strip()[-300:]]
        raise Failed(f'{server.who}: the load generator reports: {reason[0]}')
    return json.loads(done.stdout)

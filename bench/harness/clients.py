# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Our client and the .NET client, one after the other, against our server.
import json
import shutil
import subprocess

import programs

DLL = programs.OUTPUT / 'dotnet-client' / 'publish' / 'dotnet-client' / 'release' / 'bench-dotnet-client.dll'


def build_peer():
    """Publishes the .NET client below build/bench; NuGet fetches what it needs the first time."""
    if shutil.which('dotnet') is None:
        raise programs.Missing('dotnet is not installed')
    source = programs.ROOT / 'bench' / 'peers' / 'dotnet-client'
    newest = max(path.stat().st_mtime for path in source.iterdir())
    if DLL.exists() and DLL.stat().st_mtime > newest:
        return
    print('==> building the .NET client', flush=True)
    log = programs.OUTPUT / 'dotnet-client.log'
    with log.open('w') as output:
        done = subprocess.run(['dotnet', 'publish', '-c', 'Release', '--artifacts-path', str(programs.OUTPUT / 'dotnet-client'),
                               str(source / 'dotnet-client.csproj')], stdout=output, stderr=output, check=False)
    if done.returncode != 0 or not DLL.exists():
        raise programs.Missing(f'the .NET client does not build, see {log}')
    DLL.touch()


def measure(server, who, **options):
    """What the client prints about itself."""
    if who == 'peer':
        build_peer()
        command = ['dotnet', str(DLL)]
    else:
        command = [programs.find('bench/bench-client')]
    command.append(f'--port={server.port}')
    for name, value in options.items():
        if value is not False:
            command.append(f'--{name}' if value is True else f'--{name}={value}')
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise programs.Failed(f'{who}: {done.stderr.strip()[-200:]}')
    return json.loads(done.stdout)

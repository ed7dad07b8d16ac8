#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Builds the .NET client's test and runs it against a hub: check.py DIFF_SERVER BUILD_DIR"""
import os
import shutil
import subprocess
import sys

SOURCE = os.path.dirname(os.path.abspath(__file__))


def has_sdk():
    if shutil.which('dotnet') is None:
        return False
    listed = subprocess.run(['dotnet', '--list-sdks'], stdout=subprocess.PIPE, text=True, check=False)
    return any(line.split('.')[0].isdigit() and int(line.split('.')[0]) >= 10 for line in listed.stdout.splitlines())


def skip(reason):
    print(f'1..0 # SKIP {reason}')
    return 77


def build(directory):
    """Builds a copy, so that nothing is left in the source tree; returns the program's path, None without the packages, False if it
    does not compile."""
    project, output = os.path.join(directory, 'project'), os.path.join(directory, 'out')
    os.makedirs(project, exist_ok=True)
    for name in os.listdir(SOURCE):
        if name.endswith(('.cs', '.csproj')):
            shutil.copyfile(os.path.join(SOURCE, name), os.path.join(project, name))
    environment = dict(os.environ, DOTNET_CLI_TELEMETRY_OPTOUT='1', DOTNET_NOLOGO='1')
    done = subprocess.run(['dotnet', 'build', project, '-c', 'Release', '-v', 'q', '-o', output, '-nodeReuse:false'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False)
    if done.returncode != 0:
        for line in done.stdout.splitlines():
            print('# ' + line)
        return False if 'error CS' in done.stdout else None
    return os.path.join(output, 'dotnet-client.dll')


def main():
    server, directory = sys.argv[1:3]
    if not has_sdk():
        return skip('no .NET SDK of version 10 or later')
    program = build(directory)
    if program is False:
        print('1..1\nnot ok 1 - it does not compile')
        return 1
    if program is None:
        return skip('the .NET client comes from a package registry, which is out of reach')
    hub = subprocess.Popen([server], stdout=subprocess.PIPE, text=True)
    try:
        port = hub.stdout.readline().strip().rpartition(':')[2]
        return subprocess.run(['dotnet', program, port], check=False).returncode
    finally:
        hub.terminate()
        hub.wait(60)


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Checks that the differential file still says what ASP.NET Core's antiforgery does: check.py BUILD_DIR FILE."""
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


def build(directory):
    """Copies the project, so that the build leaves nothing in the source tree; returns the program's path or None."""
    project = os.path.join(directory, 'project')
    os.makedirs(project, exist_ok=True)
    for name in ('Program.cs', 'dotnet-csrf.csproj'):
        shutil.copyfile(os.path.join(SOURCE, name), os.path.join(project, name))
    output = os.path.join(directory, 'out')
    environment = dict(os.environ, DOTNET_CLI_TELEMETRY_OPTOUT='1', DOTNET_NOLOGO='1')
    done = subprocess.run(['dotnet', 'build', project, '-c', 'Release', '-v', 'q', '-o', output, '-nodeReuse:false'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False)
    for line in done.stdout.splitlines():
        print('# ' + line)
    return os.path.join(output, 'dotnet-csrf.dll') if done.returncode == 0 else None


def expected(path):
    """Case name -> accept or refuse, as the file has it."""
    cases, name = {}, None
    with open(path, encoding='utf-8') as file:
        for line in file:
            key, _, value = line.rstrip('\n').partition(':')
            if key == 'case':
                name = value.strip()
            elif key == 'theirs':
                cases[name] = value.strip()
    return cases


def main():
    directory, path = sys.argv[1:]
    if not has_sdk():
        print('1..0 # SKIP no .NET SDK of version 10 or later')
        return 77
    cases = expected(path)
    program = build(directory)
    lines = []
    if program is not None:
        done = subprocess.run(['dotnet', program, path], stdout=subprocess.PIPE, text=True, check=False)
        lines = done.stdout.splitlines()
    found = dict(line.split('\t') for line in lines)
    print(f'1..{len(cases)}')
    failed = False
    for number, (name, outcome) in enumerate(cases.items(), 1):
        same = found.get(name) == outcome
        failed = failed or not same
        if not same:
            print(f'# {found.get(name)} instead of {outcome}')
        print(f'{"ok" if same else "not ok"} {number} {name}')
    return 1 if failed else 0


sys.exit(main())

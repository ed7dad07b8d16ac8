#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Counts the instructions of one operation on each path that has a ceiling, as TAP: --compiler=NAME CEILINGS NAME=PROGRAM...
#
# Rates depend on the machine and on what else it does; instructions do not. Each program runs twice under callgrind, with
# few and with many operations; the difference has nothing of the start. More than a tenth above the ceiling is a failure,
# more than a tenth below it is worth a lower ceiling: --update writes what was counted.
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SLACK = 0.10
# What glibc and GLib would do differently from run to run.
ENVIRONMENT = {'MALLOC_PERTURB_': '0', 'G_DEBUG': '', 'G_SLICE': '', 'LC_ALL': 'C'}


def count(program, arguments):
    command = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **ENVIRONMENT})
    found = re.search(r'Collected : (\d+)', done.stderr)
    if done.returncode != 0 or not found:
        raise RuntimeError(f'{" ".join(command)}: exit status {done.returncode}\n{done.stderr}')
    return int(found[1])


def count_one(program, path):
    """Instructions of one operation."""
    few, many = ([n, *path.get('arguments', [])] for n in path['operations'])
    return round((count(program, many) - count(program, few)) / (many[0] - few[0]))


def judge(number, name, counted, ceiling):
    share = counted / ceiling
    if share > 1 + SLACK:
        print(f'# {name}: {counted} instructions, the ceiling is {ceiling} and a tenth')
        print(f'not ok {number} {name}')
        return False
    if share < 1 - SLACK:
        print(f'# {name}: {counted} instructions, less than the ceiling of {ceiling}: lower it with --update')
    print(f'ok {number} {name}: {counted} instructions, ceiling {ceiling}', flush=True)
    return True


def reason_to_skip(ceilings, compiler, program):
    if shutil.which('valgrind') is None:
        return 'valgrind is not installed'
    if compiler != ceilings['compiler']:
        return f'the ceilings are for {ceilings["compiler"]}, this is {compiler}'
    if program is None:
        return 'the program is not built'
    return None


def as_text(ceilings):
    """A line for each path, so that a change of one shows as one."""
    paths = ',\n'.join(f'    {json.dumps(name)}: {json.dumps(path)}' for name, path in ceilings['paths'].items())
    return f'{{\n  "compiler": {json.dumps(ceilings["compiler"])},\n  "paths": {{\n{paths}\n  }}\n}}\n'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--compiler', required=True)
    parser.add_argument('ceilings', type=pathlib.Path)
    parser.add_argument('programs', nargs='*')
    arguments = parser.parse_args()
    ceilings = json.loads(arguments.ceilings.read_text())
    programs = dict(text.split('=', 1) for text in arguments.programs)
    fine = True

    if arguments.update:
        ceilings['compiler'] = arguments.compiler
    print(f'1..{len(ceilings["paths"])}', flush=True)
    for number, (name, path) in enumerate(ceilings['paths'].items(), 1):
        program = programs.get(path['program'])
        reason = reason_to_skip(ceilings, arguments.compiler, program)
        if reason is not None:
            print(f'ok {number} {name} # SKIP {reason}')
            continue
        counted = count_one(program, path)
        if arguments.update:
            path['ceiling'] = counted
        fine = judge(number, name, counted, path['ceiling']) and fine
    if arguments.update:
        arguments.ceilings.write_text(as_text(ceilings))
    return 0 if fine else 1


sys.exit(main())

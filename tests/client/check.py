#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Starts a server and runs the client's table against it: check.py TABLE DIFF_SERVER|aspnet BUILD_DIR [OPTION...]"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'interop', 'differential'))

import differential  # noqa: E402


def skip(reason):
    print(f'1..0 # SKIP {reason}')
    return 0


def main():
    table, which, directory = sys.argv[1:4]
    command = [which]
    if which == 'aspnet':
        if not differential.has_sdk():
            return skip('no .NET SDK of version 10 or later')
        program = differential.build(directory)
        if program is None:
            return skip('ASP.NET Core needs a package from a registry, which is out of reach')
        command = ['dotnet', program]
    server = differential.Server(which == 'aspnet', *command)
    try:
        return subprocess.run([table, str(server.port), *sys.argv[4:]], check=False).returncode
    finally:
        server.stop()


if __name__ == '__main__':
    sys.exit(main())

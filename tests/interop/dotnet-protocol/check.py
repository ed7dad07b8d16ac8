#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Checks that the vectors still say what ASP.NET Core does: check.py BUILD_DIR VECTORS..."""
import difflib
import os
import shutil
import subprocess
import sys

SOURCE = os.path.dirname(os.path.abspath(__file__))


def has_sdk():
    if shutil.which("dotnet") is None:
        return False
    listed = subprocess.run(["dotnet", "--list-sdks"], stdout=subprocess.PIPE, text=True, check=False)
    return any(line.split(".")[0].isdigit() and int(line.split(".")[0]) >= 10 for line in listed.stdout.splitlines())


def build(directory, *properties):
    """Copies the project, so that the build leaves nothing in the source tree; returns the program's path or None."""
    project = os.path.join(directory, "project")
    os.makedirs(project, exist_ok=True)
    for name in ("Program.cs", "dotnet-protocol.csproj"):
        shutil.copyfile(os.path.join(SOURCE, name), os.path.join(project, name))
    output = os.path.join(directory, "out")
    environment = dict(os.environ, DOTNET_CLI_TELEMETRY_OPTOUT="1", DOTNET_NOLOGO="1")
    done = subprocess.run(["dotnet", "build", project, "-c", "Release", "-v", "q", "-o", output, "-nodeReuse:false", *properties],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False)
    for line in done.stdout.splitlines():
        print("# " + line)
    return os.path.join(output, "dotnet-protocol.dll") if done.returncode == 0 else None


def check(program, path):
    done = subprocess.run(["dotnet", program, path], stdout=subprocess.PIPE, check=False)
    with open(path, "rb") as file:
        expected = file.read().decode()
    difference = list(difflib.unified_diff(expected.splitlines(), done.stdout.decode().splitlines(), path, "ASP.NET Core", lineterm="", n=1))
    for line in difference:
        print("# " + line)
    return done.returncode == 0 and not difference


def main():
    directory, *vectors = sys.argv[1:]
    if not has_sdk():
        print("1..0 # SKIP no .NET SDK of version 10 or later")
        return 0
    print(f"1..{len(vectors)}")
    # The MessagePack classes come from a package registry, which may be out of reach.
    with_messagepack = build(os.path.join(directory, "messagepack"), "-p:WithMessagePack=true")
    program = with_messagepack or build(os.path.join(directory, "plain"))
    ok = True
    for number, path in enumerate(vectors, 1):
        name = os.path.basename(path)
        if "messagepack" in name and with_messagepack is None:
            print(f"ok {number} - {name} # SKIP no package Microsoft.AspNetCore.SignalR.Protocols.MessagePack")
            continue
        passed = program is not None and check(program, path)
        ok = ok and passed
        print(f"{'ok' if passed else 'not ok'} {number} - {name}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

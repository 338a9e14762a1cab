"""Becomes one process of the stack: ends what its earlier life left, drops the user, executes the program."""

from __future__ import annotations

import argparse
import os

from deploy.local import account, leftovers
from deploy.local.parts import part
from deploy.local.servers import ours
from deploy.local.servers.program import BASE_VARIABLES, Program
from deploy.local.settings import HOST, Settings, from_environment


def main() -> None:
    """Called by the supervisor (`launch catalog`), and for a second process with `--suffix`."""
    options = _parse()
    settings = from_environment()
    label = f"{options.name}~{options.suffix}" if options.suffix else options.name
    leftovers.end(settings, label)
    program = _program(settings, options)
    variables = {**BASE_VARIABLES, **program.variables, **settings.marker(), leftovers.MARK: label}
    _execute(program, variables)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.local.launch", description=__doc__)
    parser.add_argument("name", help="of a process, as `status` lists them")
    parser.add_argument("--suffix", default="", help="names a second process of it")
    parser.add_argument("--http", type=int, default=0, help="the second process's HTTP port")
    parser.add_argument("--metrics", type=int, default=0, help="the second process's metrics port")
    return parser.parse_args()


def _program(settings: Settings, options: argparse.Namespace) -> Program:
    if not options.suffix:
        return part(options.name).program(settings)
    addresses = {"HTTP_ADDRESS": options.http, "METRICS_ADDRESS": options.metrics}
    overrides = {key: f"{HOST}:{port}" for key, port in addresses.items() if port}
    return ours.program(settings, options.name, overrides)


def _execute(program: Program, variables: dict[str, str]) -> None:
    if program.niceness:
        os.nice(program.niceness)
    account.become(program.account)
    os.umask(0o027)
    os.chdir(program.folder)
    os.execvpe(program.command[0], list(program.command), variables)


if __name__ == "__main__":
    main()

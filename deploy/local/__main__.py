"""The command line of the local stack: `python3 -m deploy.local up`, `down`, `status` and the rest."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys

from deploy.local import setup
from deploy.local.environment import known_names
from deploy.local.processes import PROCESSES
from deploy.local.progress import StackError, say
from deploy.local.settings import TEST_STACKS, for_tests, from_environment
from deploy.local.stack import Line, Stack

_MISUSED, _FAILED = 2, 1


def main() -> int:
    """Run one verb; the exit code is 0, 1 for a stack that did not do what was asked, 2 for misuse."""
    options = _parser().parse_args()
    try:
        options.run(options)
    except (StackError, OSError) as error:
        say(f"failed: {error}")
        return _FAILED
    except (LookupError, ValueError) as error:
        say(str(error))
        return _MISUSED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    _add_whole(verbs)
    _add_single(verbs)
    return parser


def _add_whole(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    make = verbs.add_parser("setup", help="install what the stack needs; says each step; safe to run again")
    make.add_argument("--tests", action="store_true", help="also what only the tests need")
    make.add_argument("--load", action="store_true", help="also the load generator's environment")
    make.set_defaults(run=lambda o: setup.run(from_environment(), tests=o.tests, load=o.load))
    up = verbs.add_parser("up", help="bring the stack to health; safe to run again, repairs what is broken")
    up.add_argument("--only", default="", metavar="a,b,c", help="only these processes")
    up.add_argument("--no-services", action="store_true", help="only the servers")
    up.set_defaults(run=lambda o: Stack().up(_names(o.only), services=not o.no_services))
    verbs.add_parser("down", help="end every process").set_defaults(run=lambda _: Stack().down())
    clean = verbs.add_parser("clean", help="end this stack and the test stacks, and delete their data")
    clean.set_defaults(run=lambda _: _clean())
    verbs.add_parser("migrate", help="run all migrations").set_defaults(run=lambda _: Stack().migrate())
    verbs.add_parser("status", help="a table of processes").set_defaults(run=lambda _: _print_status())


def _add_single(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    logs = verbs.add_parser("logs", help="follow the logs, or one process's")
    logs.add_argument("name", nargs="?", default="", choices=["", *PROCESSES])
    logs.set_defaults(run=lambda o: _follow(o.name))
    show = verbs.add_parser("env", help="a process's environment")
    show.add_argument("name", metavar="process", help=", ".join(known_names()))
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=lambda o: _print_environment(o.name, o.json))
    clock = verbs.add_parser("clock", help="move the stack's clock: seconds from real time, or reset")
    clock.add_argument("offset")
    clock.set_defaults(run=lambda o: _move_clock(o.offset))
    kill = verbs.add_parser("kill", help="send a signal to a process")
    kill.add_argument("name", choices=list(PROCESSES))
    kill.add_argument("signal", nargs="?", default="KILL")
    kill.set_defaults(run=lambda o: Stack().kill(o.name, _signal(o.signal)))
    for verb in ("stop", "start", "restart"):
        single = verbs.add_parser(verb, help=f"{verb} one process")
        single.add_argument("name", choices=list(PROCESSES))
        single.set_defaults(run=lambda o: getattr(Stack(), o.verb)(o.name))


def _names(text: str) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] or None


def _clean() -> None:
    for n in reversed(range(TEST_STACKS)):  # the first one's state holds the others'
        Stack(for_tests(beside=n)).clean()
    Stack().clean()


def _signal(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return signal.Signals[f"SIG{text.upper().removeprefix('SIG')}"]


def _move_clock(offset: str) -> None:
    if offset == "reset":
        Stack().reset_clock()
    else:
        Stack().move_clock(float(offset))


def _follow(name: str) -> None:
    logs = from_environment().logs
    files = [logs / f"{name}.log"] if name else sorted(logs.glob("*.log"))
    if not files or not all(file.exists() for file in files):
        raise StackError("there are no such logs yet; is the stack up?")
    os.execvp("tail", ["tail", "-n", "50", "-F", *map(str, files)])


def _print_environment(name: str, as_json: bool) -> None:
    variables = Stack().environment(name)
    lines = [f"{key}={value}" for key, value in variables.items()]
    print(json.dumps(variables, indent=1) if as_json else "\n".join(lines))


def _print_status() -> None:
    print(f"{'process':<14} {'state':<9} {'health':<8} {'pid':>8} {'up':>9}  ports")
    for line in Stack().status():
        print(_row(line))


def _row(line: Line) -> str:
    health = "healthy" if line.healthy else "-"
    pid = line.pid or "-"
    uptime = f"{line.uptime_seconds} s" if line.pid else "-"
    return f"{line.name:<14} {line.state:<9} {health:<8} {pid:>8} {uptime:>9}  {line.ports}"


if __name__ == "__main__":
    sys.exit(main())

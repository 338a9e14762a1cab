"""`python -m deploy.demo`: loads Chifeng into the running stack and drives the main job through the edge.

Everything goes over HTTP, logged in as the right people: organisations, schools, venues, slots, experts and
travelling units; a round of requests and some at once; solving, review by hand, publication, holds, offers,
answers. Then the summary, the check and the page's address are printed. It may be run again, also after a
run that was ended half-way: what is done is left alone. The stack must be up (`python3 -m deploy.local up`);
KEQIAO_STATE and KEQIAO_PORT_BASE say which one is meant. The exit code is the check's.
"""

from __future__ import annotations

import sys

from deploy.demo import story, summary
from deploy.demo.client import Api
from deploy.demo.stack_clock import StackClock
from deploy.demo.timing import Stages
from deploy.demo.world import world
from deploy.local.environment import environment
from deploy.local.stack import Stack
from deploy.usage import takes_nothing


def main() -> int:
    """Runs the story, prints the summary and the page's address; the check's exit code."""
    stack = Stack()
    variables = environment(stack.settings, "demo")
    there, stages = world(variables, Api(variables["PUBLIC_URL"])), Stages()
    round_ = story.run(there, StackClock(stack), stages)
    for line in summary.lines(there, round_, stages, stack.settings):
        print(line, flush=True)
    code = summary.check()
    print(f"The page: {variables['PUBLIC_URL']}/", flush=True)
    return code


if __name__ == "__main__":
    takes_nothing("deploy.demo", __doc__)
    sys.exit(main())

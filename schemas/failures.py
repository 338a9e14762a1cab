"""Why a solve broke: stable codes with their texts."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.reasons import Reason

FAILURES: Mapping[str, Reason] = {
    "solve_out_of_memory": Reason(
        "The solver had too little memory for this round. No match was changed. "
        "Give the solver more memory and solve again.",
        "求解器内存不足，未能完成求解。已有的活动安排均未改动。请为求解器增加内存后重新求解。",
    ),
    "solver_lost": Reason(
        "The solver ended in the middle of this round several times. No match was changed. "
        "Its log says why; solve again once the cause is mended.",
        "求解器在求解过程中多次异常退出。已有的活动安排均未改动。请查看其日志，排除原因后重新求解。",
    ),
}


def failure_text(failure: str, language: str) -> str:
    """What a solve broke on, in words; what has no code stands for itself."""
    reason = FAILURES.get(failure)
    return reason.text(language) if reason else failure

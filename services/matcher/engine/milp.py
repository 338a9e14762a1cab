"""Choosing among yes-or-no options under rows, by HiGHS: its search, its bound, its manners."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import highspy
import numpy as np

from services.matcher.engine.model import Limits

Watch = Callable[[float, float], bool]
# HiGHS calls whole what is within its tolerance of whole.
_HALF = 0.5


class _Silent(highspy.Highs):
    """HiGHS without its banner, which comes with the callbacks, before anybody outside can set an option."""

    def enableCallbacks(self) -> None:  # noqa: N802 - highspy's own name
        """Called while it is being made."""
        self.setOptionValue("output_flag", False)
        cast(Any, super()).enableCallbacks()


class Row(NamedTuple):
    """The sum of `weights` over the chosen ones of `options` stays within `limit`."""

    options: Sequence[int] | np.ndarray
    weights: Sequence[int] | np.ndarray
    limit: int


def row(options: Sequence[int] | np.ndarray, limit: int = 1) -> Row:
    """At most `limit` of these."""
    return Row(options, np.ones(len(options), dtype=np.int64), limit)


class Beside(NamedTuple):
    """Columns after all others, worth nothing, that need not be whole, and the rows that they are in."""

    columns: range
    rows: list[Row]


class Model(NamedTuple):
    """Maximise `objective` over options that are taken or not, within `rows`, and what is `beside` them.

    `objective` need not name the columns beside.
    """

    objective: np.ndarray
    rows: list[Row]
    beside: Beside | None = None

    def whole(self) -> Model:
        """With the rows and the columns beside among its own."""
        if self.beside is None:
            return self
        more = max(0, self.beside.columns.stop - len(self.objective))
        objective = np.concatenate([self.objective, np.zeros(more)])
        return Model(objective, [*self.rows, *self.beside.rows], self.beside)


class Answer(NamedTuple):
    """The best choice found, and what no choice can pass; `bound` is infinite where nothing was proven."""

    chosen: list[int]
    bound: float
    status: str


def maximise(
    model: Model,
    *,
    start: Sequence[int],
    limits: Limits,
    seed: int,
    watch: Watch | None = None,
    nodes: int | None = None,
) -> Answer:
    """Search from `start` until proven, out of time or `nodes`, or `watch(value, bound)` says to stop.

    Raises nothing for a search that is cut short: the answer is then the best so far.
    """
    model = model.whole()
    answer = _search(model, start, limits, seed, watch, nodes)
    if _misses_its_bound(model, answer):
        # HiGHS 1.16 at times ends a search at once and hands back its start, not what it found.
        answer = _search(model, (), limits, seed, watch, nodes)
    return answer._replace(status="limit") if _misses_its_bound(model, answer) else answer


def _search(
    model: Model, start: Sequence[int], limits: Limits, seed: int, watch: Watch | None, nodes: int | None
) -> Answer:
    highs = _configured(limits, seed, nodes)
    highs.passModel(_lp(model))
    if start:
        highs.setSolution(_solution(len(model.objective), start))
        # Presolve may lose most of a start; that nothing worth less is wanted stays known by this.
        highs.setOptionValue("objective_bound", -float(model.objective[list(start)].sum()))
    stopped = _watched(highs, watch) if watch else [False]
    if highs.run() == highspy.HighsStatus.kError:
        # It keeps one pool of threads a process, and wants the number that whoever came first asked for.
        raise RuntimeError(f"HiGHS did not search with {limits.threads} threads")
    answer, beside = _answer(highs, start, stopped), model.beside.columns if model.beside else range(0)
    return answer._replace(chosen=[each for each in answer.chosen if each not in beside])


def _misses_its_bound(model: Model, answer: Answer) -> bool:
    """Whether it is called optimal and is not: points are whole, and all ties together are less than one."""
    worth = float(model.objective[list(answer.chosen)].sum())
    return answer.status == "optimal" and worth < answer.bound - _HALF


def _configured(limits: Limits, seed: int, nodes: int | None) -> Any:
    highs: Any = cast(Any, _Silent)()
    for option, value in {
        "time_limit": limits.seconds,
        "threads": limits.threads,
        "mip_rel_gap": limits.gap,
        "mip_abs_gap": 1e-6,
        "random_seed": seed,
    }.items():
        highs.setOptionValue(option, value)
    if nodes is not None:
        highs.setOptionValue("mip_max_nodes", nodes)
    return highs


def _lp(model: Model) -> Any:
    lp = highspy.HighsLp()
    number = len(model.objective)
    lp.num_col_, lp.num_row_ = number, len(model.rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = model.objective
    lp.col_lower_, lp.col_upper_ = np.zeros(number), np.ones(number)
    lp.row_lower_ = np.full(len(model.rows), -highspy.kHighsInf)
    lp.row_upper_ = np.array([row.limit for row in model.rows], dtype=float)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * number
    if model.beside:
        _free(lp, model.beside.columns)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(row.options) for row in model.rows)])
    lp.a_matrix_.index_ = _joined([row.options for row in model.rows]).astype(np.int32)
    lp.a_matrix_.value_ = _joined([row.weights for row in model.rows]).astype(float)
    return lp


def _free(lp: Any, columns: range) -> None:
    """These need not be whole, and may be as large as they like."""
    upper, kinds = np.array(lp.col_upper_), list(lp.integrality_)
    upper[columns] = highspy.kHighsInf
    for column in columns:
        kinds[column] = highspy.HighsVarType.kContinuous
    lp.col_upper_, lp.integrality_ = upper, kinds


def _joined(lists: Sequence[Sequence[int] | np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(each) for each in lists]) if lists else np.zeros(0)


def _solution(number: int, chosen: Sequence[int]) -> Any:
    solution = highspy.HighsSolution()
    values = np.zeros(number)
    values[list(chosen)] = 1
    solution.col_value = values
    return solution


def _watched(highs: Any, watch: Watch) -> list[bool]:
    """Have `watch` called during the search; the list that comes back holds whether it said to stop."""
    stopped = [False]

    def ask(event: Any) -> None:
        stopped[0] = stopped[0] or watch(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)
        if stopped[0]:
            event.interrupt()

    highs.cbMipInterrupt.subscribe(ask)
    return stopped


def _answer(highs: Any, start: Sequence[int], stopped: list[bool]) -> Answer:
    info = highs.getInfo()
    values = np.array(highs.getSolution().col_value)
    found = np.flatnonzero(values > _HALF).tolist() if info.primal_solution_status else list(start)
    proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    status = "stopped" if stopped[0] else "optimal" if proven else "limit"
    bound = info.mip_dual_bound
    return Answer(found, bound if math.isfinite(bound) else math.inf, status)

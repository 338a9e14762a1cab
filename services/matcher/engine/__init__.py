"""The matching engine: pure functions on plain values; no I/O, no clock, no state.

`solver.solve(problem, limits, report, should_stop)` is the one door; `candidates.Finder` is the other, for
questions about a single wish. Nothing is imported here, so that who only asks for candidates does not load
what compiles and what optimises.
"""

"""Catalog: what is offered, and whether seats or a travelling unit are there; nothing is given twice."""

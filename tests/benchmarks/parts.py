"""The parts of the benchmark, by name, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import (
    appends,
    bulk,
    decisions,
    diffs,
    growth,
    history,
    imports,
    lookups,
    ndjson,
    origins,
    peers,
    protection,
    prove,
    seals,
    sidecars,
    spark,
    starts,
    tiers,
    verifying,
    whole,
)
from .table import Line, Size


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured together.

    Args:
        about: one line for people.
        measure: gives lines of the table, or lines of text that stand below it.

    A part raises `DisagreementError` where two answers differ.
    """

    about: str
    measure: Callable[[Size], Sequence[Line | str]]


PARTS: Mapping[str, Part] = {
    "decision": Part("one call in process, parsed arguments", decisions.lines),
    "tools": Part("one call among more and more tools", decisions.growth),
    "easy": Part("decision SQL over JSON text, easy set", bulk.easy_lines),
    "hard": Part("decision SQL over JSON text, hard set", bulk.hard_lines),
    "whole": Part("the whole bulk replay, with when and where", whole.lines),
    "schemas": Part("input schemas in bulk", whole.schemas),
    "history": Part("limits and after_reading in bulk", history.lines),
    "origin": Part("where values came from, in bulk", origins.lines),
    "sidecar": Part("the replay sidecar: building it, replaying over it", sidecars.lines),
    "ndjson": Part("from a log's text to verdicts", ndjson.lines),
    "growth": Part("time, memory and spill of longer and longer logs", growth.lines),
    "spark": Part("a report of millions of events, by DuckDB and through Spark", spark.lines),
    "diff": Part("two charters over the same log", diffs.lines),
    "peers": Part("other engines on the same events", peers.lines),
    "imports": Part("reading logs", imports.lines),
    "append": Part("appending to the journal, with and without a flush to the disk", appends.lines),
    "seal": Part("sealing a journal and imported parts", seals.lines),
    "verify": Part("verifying a store, and again in SQL", verifying.lines),
    "reconstruct": Part("one trace among millions", lookups.reconstruct),
    "gaps": Part("every gap of half a million traces", lookups.gaps),
    "prove": Part("statements put to the solver", prove.lines),
    "starts": Part("what a person waits for", starts.lines),
    "protection": Part("what the charters for AgentDojo stop, and what they cost", protection.lines),
    "tiers": Part("guesses of `govern init`, beside what others say", lambda size: tiers.report()),
}

"""Reads the logs of agents, whoever wrote them, as canonical events; a bad row is a value, never skipped."""

from govern.ingest.counts import FileReport, Summary
from govern.ingest.reader import read
from govern.ingest.source import Refusal

__all__ = ["FileReport", "Refusal", "Summary", "read"]

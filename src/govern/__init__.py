"""Governed AI agents from one charter: lint, compile, decide, replay logs, rebuild decision chains."""

__version__ = "0.1.0"

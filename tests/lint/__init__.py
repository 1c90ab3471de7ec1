"""Lint: its rules, its pages, its command."""

"""Drafts a charter, or a library, from a list of tools: for people to read, correct and own.

Everything that comes in is untrusted: names, schemas, hints, prose. Leaves out judging the draft (`lint`).
"""

"""A language server for charters, bases, libraries and deployment files.

Everything but `server` is pure: a text, an offset and the files beside it give values, without the protocol. Only
`server` knows it, and imports pygls, which an extra brings. Nothing here writes to disk or runs anything.
"""

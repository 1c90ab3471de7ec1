"""The canonical form of a charter: keys in the language's order, one layout, every comment kept.

`text` formats a text, `files` a file in place; `attach` reads what a tree leaves out (comments, blank lines),
`order` and `quoting` decide, `write` lays out. Leaves out what a charter means: a file is formatted as soon as
it is YAML without anything that is refused, be it complete or not.
"""

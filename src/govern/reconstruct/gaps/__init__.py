"""The holes of a chain: one module and one page a gap, one contract, one registry."""

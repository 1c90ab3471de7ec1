"""Words: every output that a person or a program reads, made from values of the levels below."""

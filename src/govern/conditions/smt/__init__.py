"""Conditions as terms of a solver (z3, extra `prove`): for every condition a pair, true and false, of any call.

`given.Inputs` are the inputs of one call, each of which may be anything; `truths.Reader` reads conditions over them;
`search.search` looks for a call. Over-approximation is all that is allowed: what is not read exactly may be anything,
so that "there is no such call" stays true. Leaves out policies, schemas and statements (`proof`).
"""

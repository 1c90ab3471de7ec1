"""Proofs over a policy: what holds of every call, or a call that shows that it does not. Leaves out how a policy was
written; z3 (extra `prove`) is imported only here and in `conditions.smt`."""

"""A charter becomes a policy, and a policy a bundle: one deterministic file."""

"""The compiled form of a charter and the pure decision. Does not know how the policy was written."""

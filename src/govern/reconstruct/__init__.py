"""What happened: decision chains read back from events, and the holes in them.

The core (`chain`, `approvals`, `gaps`, `judge`) takes events and returns values; `store` reads them from the
audit store. Leaves out: whether the record itself is whole (`audit`), and how a chain is shown (`report`).
"""

"""What a change of a charter does: requirements ordered, every change with a witness.

Leaves out the replay of both over logs (`replay.compare`) and words (`report`).
"""

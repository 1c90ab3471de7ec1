"""From what an agent did and no charter line is about, to lines for a person to accept.

Leaves out reading logs and judging them (`replay`), and showing (`report`). Nothing here decides for anybody: what
was not accepted by a person is written nowhere, and what a rule or `never` holds back is never suggested.
"""

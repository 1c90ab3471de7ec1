"""A charter as sentences that a reviewer can sign: everything it says, in the order in which one asks.

`statement` is the way in. Leaves out how it is shown (`report.explain_text`) and advice (`lint`).
"""

from govern.charter.sentences.document import Item, Section, Statement
from govern.charter.sentences.whole import statement

__all__ = ["Item", "Section", "Statement", "statement"]

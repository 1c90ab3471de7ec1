"""The written intent: a charter file loaded into a frozen model, or every reason why it is none."""

"""What another policy would have said of recorded calls: every decision of a chain taken again."""

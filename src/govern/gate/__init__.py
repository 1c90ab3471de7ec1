"""Approval gates as pure functions of their answers and the time. Leaves out stores, people and notifications."""

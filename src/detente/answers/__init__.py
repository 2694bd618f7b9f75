"""Answers: what a run says, as data, before any picture."""

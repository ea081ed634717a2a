"""The control side, under ``/_local/``, and the record of requests."""

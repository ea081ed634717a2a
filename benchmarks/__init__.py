"""Every figure that the project claims, measured side by side with what a user would pick instead.

``python -m benchmarks`` (or ``make bench``) measures and prints; ``--write`` also renews ``docs/figures.md``.
"""

"""Requests of every shape to every operation: none may break the platform, none may be answered beside its description.

.. code-block:: text

    world       a seat with one object of each kind: real ids, and the bodies that made them
    bodies      those bodies, bent: a key lost, a value of another type, a text of another length
    hunt        for every built operation: requests from Adobe's description and from bent bodies
    verdict     status below 500, JSON that fits the description, or a reason in exceptions

The long form is ``python -m tests.surface --examples 200 --seed 7``; the short form is a part of ``make test``.
"""

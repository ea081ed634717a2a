"""The local platform: a stand-in for the services of Adobe Experience Platform that the journey touches.

It is a real HTTP server (``python -m chatlio_helpers.emulator --data FOLDER``) and imports nothing of the rest of the
kit. How each behaviour is known is marked beside its route; ``--describe`` prints the whole table.
"""

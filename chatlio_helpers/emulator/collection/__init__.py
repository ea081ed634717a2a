"""Streaming collection: inlets and the journal behind them."""

"""A package, unlike its neighbours: so its modules share a browser, which pytest closes behind them.

Playwright's loop holds the thread for as long as there is a browser: others could run none beside it.
"""

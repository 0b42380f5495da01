"""`taskwatch demo`: what one shows a colleague."""

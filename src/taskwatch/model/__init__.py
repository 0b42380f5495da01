"""The truth: pure rules about tasks, time and lateness. Only the standard library, no I/O, no clock."""

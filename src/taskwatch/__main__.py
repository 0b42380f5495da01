"""`python -m taskwatch` is the same as `taskwatch`."""

from taskwatch.cli import main

if __name__ == "__main__":
    main()

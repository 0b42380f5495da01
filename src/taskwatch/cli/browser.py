"""The user's browser, which may be none."""


def show(url: str) -> bool:
    """Open an address in the browser; False where there is none.

    It may take as long as the browser runs, where that is one of the terminal.
    """
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def show_meanwhile(url: str) -> None:
    """The same beside whatever else goes on, and without a word if there is no browser."""
    import threading

    threading.Thread(target=show, args=(url,), name="browser", daemon=True).start()

"""Who shows a watch: a screen that is redrawn, lines for people, lines of JSON for programs."""

from datetime import tzinfo

from taskwatch import clock
from taskwatch.actions.events import EventShape
from taskwatch.cli import output
from taskwatch.cli.events.log import Reporter
from taskwatch.cli.watch import view
from taskwatch.cli.watch.screen import Screen
from taskwatch.cli.watch.state import Change, Happened, State, Survey, compare, show_change


class ScreenFace:
    """Redraws the terminal ten times a second at most."""

    pause = 0.1

    def __init__(self, screen: Screen, zone: tzinfo, place: str) -> None:
        self._screen, self._zone, self._place = screen, zone, place
        self._state: State | None = None

    def begin(self, state: State) -> None:
        """Draw it."""
        self._state = state
        self.redraw()

    def show(self, state: State, news: list[EventShape]) -> None:
        """Draw it; the news are in it."""
        del news
        self.begin(state)

    def redraw(self) -> None:
        """Draw the same again, for a terminal of another size."""
        if self._state:
            columns, rows = self._screen.size()
            self._screen.draw(
                view.frame(
                    self._state, clock.now(), self._zone, place=self._place, columns=columns, rows=rows
                )
            )


class LineFace:
    """Prints what changes, each change once: lines, or objects if `as_json`."""

    pause = 0.0

    def __init__(self, zone: tzinfo, *, as_json: bool) -> None:
        self._zone, self._as_json = zone, as_json
        self._before: Survey | None = None
        self._report = Reporter()

    def begin(self, state: State) -> None:
        """Print the latest events, then who is at risk."""
        self.show(state, list(state.events))

    def show(self, state: State, news: list[EventShape]) -> None:
        """Print the news, and what they or the time did to the risks."""
        self._report(state.trouble)
        for change in (*map(Happened, news), *compare(self._before, state.survey)):
            self._print(change)
        self._before = state.survey

    def _print(self, change: Change) -> None:
        if self._as_json:
            output.emit_line(show_change(change))
        else:
            output.text(*view.change_line(change, self._zone, clock.now()))
            output.flush()

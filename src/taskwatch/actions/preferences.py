"""Preferences: what a person wants to be told on which channel, and their quiet hours."""

from typing import TypedDict

from taskwatch.actions import lookup
from taskwatch.actions.change import Change
from taskwatch.actions.lookup import User
from taskwatch.actions.roles import tell_house, within
from taskwatch.model import event
from taskwatch.model.preference import Preference, Quiet, checked, spell_days, spell_quiet
from taskwatch.store import Store, Tx


class PreferenceShape(TypedDict):
    """Whether events of a kind are wanted on a channel; `*` is any."""

    kind: str
    channel: str
    wanted: bool


class QuietShape(TypedDict):
    """Quiet hours in the person's own zone, `22:00-07:00`, on the days they begin on, `mon` to `sun`."""

    hours: str
    days: list[str]
    timezone: str | None


class PreferencesShape(TypedDict):
    """What a person wants. Without a preference everything is wanted; `quiet` null is no quiet hours."""

    user_id: int
    preferences: list[PreferenceShape]
    quiet: QuietShape | None


def of(tx: Tx, user_id: int) -> list[Preference]:
    """The preferences of a user."""
    return tx.all(Preference, "preferences.of", user_id=user_id)


def quiet_of(tx: Tx, user_id: int) -> Quiet | None:
    """The quiet hours of a user, in their own zone."""
    return tx.one(Quiet, "preferences.quiet", user_id=user_id)


def preferences(store: Store, user_id: int) -> PreferencesShape:
    """What a user wants.

    Raises:
        NotFound: there is no such user.
    """
    with store.read() as tx:
        return _shape(tx, lookup.user(tx, user_id))


def prefer(
    store: Store, user_id: int, place: tuple[str, str], wanted: bool | None, change: Change
) -> PreferencesShape:
    """Want events or not; None forgets what was said. `place` is their kind and a channel, `*` is any.

    Raises:
        NotFound: there is no such user.
        InvalidInput: there is no such kind, or no channel can be called so.
    """

    def work(tx: Tx, change: Change) -> PreferencesShape:
        return prefer_within(tx, user_id, place, wanted, change)

    kept: PreferencesShape = within(store, ["prefer", user_id, *place, wanted], change, work)
    return kept


def prefer_within(
    tx: Tx, user_id: int, place: tuple[str, str], wanted: bool | None, change: Change
) -> PreferencesShape:
    """Want events or not, inside of a transaction; raises as `prefer` does."""
    kind, channel = checked(*place)
    row = {"user_id": user_id, "kind": kind, "channel": channel}
    user = lookup.user(tx, user_id)
    if wanted is None:
        changed = tx.run("preferences.forget", **row)
    else:
        changed = tx.run("preferences.keep", **row, wanted=int(wanted))
    return _told(tx, user, changed, change)


def set_quiet(store: Store, user_id: int, quiet: Quiet | None, change: Change) -> PreferencesShape:
    """Give a user quiet hours; None takes them away.

    Raises:
        NotFound: there is no such user.
    """

    def work(tx: Tx, change: Change) -> PreferencesShape:
        user = lookup.user(tx, user_id)
        if quiet is None:
            changed = tx.run("preferences.forget_quiet", user_id=user_id)
        else:
            changed = tx.run("preferences.keep_quiet", user_id=user_id, **quiet._asdict())
        return _told(tx, user, changed, change)

    kept: PreferencesShape = within(store, ["quiet", user_id, quiet], change, work)
    return kept


def _told(tx: Tx, user: User, changed: int, change: Change) -> PreferencesShape:
    if changed:
        facts = {"user_id": user.id, "name": user.name, "changed": ["preferences"]}
        tell_house(tx, event.USER_UPDATED, change, facts)
    return _shape(tx, user)


def _shape(tx: Tx, user: User) -> PreferencesShape:
    quiet = quiet_of(tx, user.id)
    return {
        "user_id": user.id,
        "preferences": [
            {"kind": each.kind, "channel": each.channel, "wanted": bool(each.wanted)}
            for each in of(tx, user.id)
        ],
        "quiet": None
        if quiet is None
        else {"hours": spell_quiet(quiet), "days": spell_days(quiet), "timezone": user.timezone},
    }

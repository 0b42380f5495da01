"""Who is on the team and what comes in: the cast of the demo."""

from typing import NamedTuple


class Person(NamedTuple):
    """A member of the team."""

    id: int
    name: str
    roles: tuple[str, ...]
    admin: bool = False


class Kind(NamedTuple):
    """What comes in: a workflow type, its subject's type, its first number, and how often of a hundred."""

    code: str
    subject: str
    first: int
    share: int


YOU = 1  # whoever watches: nobody plays this one
LEAD = 2

PEOPLE = (
    Person(YOU, "alex", ("lead", "adv"), admin=True),
    Person(LEAD, "ida", ("lead",), admin=True),
    Person(3, "dana", ("adv",)),
    Person(4, "kim", ("adv",)),
    Person(5, "robin", ("adv", "dispatcher")),
    Person(6, "eli", ("dispatcher",)),
    Person(7, "morgan", ("dispatcher",)),
    Person(8, "sam", ("driver",)),
    Person(9, "jo", ("driver",)),
    Person(10, "lee", ("driver",)),
    Person(11, "pat", ("warehouse",)),
    Person(12, "toni", ("warehouse",)),
    Person(13, "noor", ("care",)),
    Person(14, "max", ("care",)),
)

KINDS = (Kind("bc", "Order", 2101, 55), Kind("rma", "Return", 801, 25), Kind("care", "Complaint", 301, 20))

REASONS = {
    "hold": (
        "waiting for the customer",
        "papers are missing",
        "the truck is in the workshop",
        "shift change",
    ),
    "fail": ("the address does not exist", "damaged goods", "the customer did not pay", "wrong item"),
    "skip": ("not needed for this customer", "done by phone already"),
    "cancel": ("the customer changed their mind",),
    "ack": ("on it", "called, it is on its way", "I take care of it"),
    "snooze": ("nobody can do this before noon",),
}


def members(role: str) -> list[int]:
    """The ids of those who play a role; never yours."""
    return [person.id for person in PEOPLE if role in person.roles and person.id != YOU]

"""Who is who on a page: an admin reads names, everybody else their own and the numbers of the others."""

from collections.abc import Callable, Mapping

from aiohttp import web

from taskwatch.actions import people
from taskwatch.model.access import Identity
from taskwatch.server.call import identity
from taskwatch.server.house import house

Namer = Callable[[int | None], str]


async def known_names(request: web.Request) -> dict[int, str]:
    """The names that who asks may read, by user id."""
    who = identity(request)
    own = [] if who.user_id is None else [who.user_id]
    return await house(request).database.read(people.names_of, None if knows_all(who) else own)


def knows_all(who: Identity) -> bool:
    """Whether an identity may read who there is."""
    return who.admin and who.sees_all


def namer(names: Mapping[int, str], own: int | None) -> Namer:
    """How to call a user: by name where it is known, and who asks with a word more."""

    def name(user_id: int | None) -> str:
        if user_id is None:
            return "nobody"
        called = names.get(user_id, f"user {user_id}")
        return f"{called} (you)" if user_id == own else called

    return name

"""Who may see what: an identity, and the rules of the topic families over it.

workflow.{type}.{subject}   whoever may see that type of workflow
task.{id}                   whoever may see every type
user.{id}.tasks             that user, likewise
role.{name}.tasks           who has the role, likewise
anything else, and admin.*  an admin, likewise
"""

from collections.abc import Iterable
from typing import NamedTuple

from taskwatch.model.assignment import Assignment
from taskwatch.model.task import Task
from taskwatch.model.topic import is_pattern


class Identity(NamedTuple):
    """Who asks.

    `workflows` are the types it is limited to, None for all; `credential` is the id of its token, None in
    single-user mode; `expires_at` is the instant (ms) it ends at, None for never.
    """

    user_id: int | None = None
    roles: frozenset[str] = frozenset()
    admin: bool = False
    workflows: frozenset[str] | None = None
    credential: int | None = None
    expires_at: int | None = None

    def may_see_type(self, workflow_type: str | None) -> bool:
        """Whether workflows of a type may be seen; None, a task outside of any, needs sight of all."""
        return self.workflows is None or workflow_type in self.workflows

    @property
    def sees_all(self) -> bool:
        """Whether it may see every type of workflow."""
        return self.workflows is None


OWNER = Identity(admin=True)  # whoever sits at a machine where no token was ever made


def may_follow(identity: Identity, topic: str) -> bool:
    """Whether an identity may follow a topic, or every topic that a pattern stands for."""
    family, _, rest = topic.partition(".")
    if family == "workflow":
        return _may_follow_workflow(identity, rest)
    if identity.admin and identity.sees_all:
        return True
    if is_pattern(topic):
        return family == "task" and bool(rest) and identity.sees_all
    return _may_follow_own(identity, family, rest)


def may_move(identity: Identity, task: Task, assigned: Iterable[Assignment]) -> bool:
    """Whether an identity may change a task: one that it sees and that is nobody's, or its own.

    Its own is what it has claimed, and what is assigned to it or to one of its roles.
    """
    if not identity.may_see_type(task.workflow_type):
        return False
    if identity.admin or (identity.user_id is not None and task.claimed_by == identity.user_id):
        return True
    owners = list(assigned)
    return not owners or any(_is_own(identity, owner) for owner in owners)


def _is_own(identity: Identity, owner: Assignment) -> bool:
    if owner.user_id is not None:
        return owner.user_id == identity.user_id
    return owner.role_name in identity.roles


def _may_follow_workflow(identity: Identity, rest: str) -> bool:
    workflow_type, dot, _ = rest.partition(".")
    if identity.sees_all:
        return bool(rest)
    return bool(dot) and identity.may_see_type(workflow_type)


def _may_follow_own(identity: Identity, family: str, rest: str) -> bool:
    owner, dot, what = rest.rpartition(".")
    if not identity.sees_all:  # tasks of any type come up there
        return False
    if family == "task":
        return bool(rest)
    if not dot or what != "tasks":
        return False
    if family == "user":
        return identity.user_id is not None and owner == str(identity.user_id)
    return family == "role" and owner in identity.roles

"""What a mute keeps quiet: its own thing, as long as it stands."""

import pytest

from taskwatch.model.mute import SCOPES, Mute, Subject, silencing, stands

HERE = Subject(task_id=12, workflow_id=3, workflow_type="bc", role="driver")
TARGETS = dict(zip(SCOPES, ("12", "3", "bc", "driver"), strict=True))


def made(scope, target, **changed):
    return Mute(1, scope, target, 5, None, 1_000, 5_000, None)._replace(**changed)


@pytest.mark.parametrize(("scope", "target"), TARGETS.items())
def test_a_mute_silences_its_own_thing_alone(scope, target):
    assert silencing([made(scope, target)], HERE, 1_000)
    assert silencing([made(scope, f"{target}0")], HERE, 1_000) is None


@pytest.mark.parametrize(("scope", "target"), TARGETS.items())
def test_what_a_subject_does_not_have_cannot_be_muted(scope, target):
    assert silencing([made(scope, target), made(scope, "None")], Subject(), 1_000) is None


def test_a_mute_stands_from_its_beginning_to_before_its_end():
    mute = made("type", "bc")
    assert [stands(mute, now) for now in (999, 1_000, 4_999, 5_000)] == [False, True, True, False]
    assert not stands(mute._replace(ended_at=2_000), 2_000)
    assert silencing([mute], HERE, 5_000) is None


def test_the_first_mute_that_concerns_it_is_told():
    other, first, second = made("type", "hr"), made("type", "bc", id=2), made("task", "12", id=3)
    assert silencing([other, first, second], HERE, 1_000).id == 2

"""`taskwatch notify why` and `preview`: what people read, and what programs get."""

import pytest

RULES = """\
[channel.hook]
type = "exec"
command = ["true"]

[[notify.rule]]
name = "loud"
kinds = ["task.sla.exceeded"]
to = ["assigned"]
channels = ["database", "hook", "telegram"]
"""


@pytest.fixture
def late(run):
    """A is dana's, has a timeout of a minute and is in progress; dana was told that it is ready."""
    for line in (
        "user add dana --id 5 --timezone Europe/Berlin",
        "notify run --once",
        "task add A --timeout 1m --assign user:5",
        "task start A",
        "notify run --once",
    ):
        code, _, err = run(*line.split())
        assert code == 0, err
    return run


def test_why_accounts_for_rules_channels_and_what_was_recorded(late, home):
    (home / "taskwatch.toml").write_text(RULES)
    code, out, _ = late("notify", "why", "A", "5")
    lines = [line.strip() for line in out.splitlines()]
    assert code == 0
    assert lines[0] == "A  A, for dana"
    assert "yes  rule loud: it fits: assigned by database, hook, telegram" in lines
    assert "database at once, by user:5" in lines
    assert "hook at once, by user:5" in lines
    assert "no telegram because: there is no channel telegram in the configuration, by user:5" in lines


def test_why_says_that_nothing_was_planned_and_that_no_rule_leads_there(late):
    late("user", "add", "eli", "--id", "6")
    code, out, err = late("notify", "why", "A", "6")
    assert code == 0
    assert out.count("no message because: no rule leads to this user") == 2
    assert err == "No message about this task was planned for this user.\n"


def test_why_shows_what_was_planned(late):
    code, out, err = late("notify", "why", "A", "5")
    assert (code, err) == (0, "")
    assert "task.became.ready  first" in out


def test_preview_lists_every_message_and_counts_them(late):
    code, out, _ = late("notify", "preview", "A", "--next", "3h")
    assert code == 0
    assert out.count("SLA Alert: Task Overdue - A") == 14  # seven alerts, on two channels
    assert [line.split() for line in out.splitlines()[-2:]] == [
        ["dana", "broadcast", "7"],
        ["dana", "database", "7"],
    ]


def test_preview_in_json_has_the_same_messages(late, ask):
    found = ask("notify", "preview", "A", "--next", "3h")
    assert (found["total"], len(found["messages"]), found["reason"]) == (14, 14, None)


def test_preview_says_why_nothing_comes(late):
    late("task", "complete", "A")
    code, out, err = late("notify", "preview", "A")
    assert (code, out) == (0, "")
    assert err == "No message about A: it is completed, and only a task in progress can be late.\n"


@pytest.mark.parametrize("verb", [("why", "A", "5"), ("preview", "A")])
def test_a_time_in_the_past_is_refused(late, verb):
    code, _, err = late("notify", *verb, "--now", "1h ago")
    assert code == 2
    assert "--now lies in the past" in err


def test_a_broken_rule_is_told_with_its_line(late, home):
    (home / "taskwatch.toml").write_text(RULES.replace('["assigned"]', '["everybody"]'))
    code, _, err = late("notify", "preview", "A")
    assert code == 78
    assert "taskwatch.toml:8: notify.rule.to cannot have 'everybody'" in err

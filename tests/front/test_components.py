"""Three React components as a front end has them, live in Chromium, on pages of the daemon's own origin."""

import pytest

from front.browser import anything


@pytest.fixture
def show(own_daemon, chromium, scripts):
    """Show a component that follows a channel; it is subscribed."""
    pages = []

    def show(name, channel, **props):
        pages.append(page := chromium.open(f"{own_daemon.url}/test/live.html", scripts["components"]))
        page.do("show", name, props, channel)
        page.wait(subscribed=channel)
        return page

    yield show
    for page in pages:
        page.close()


def text(*parts):
    """A text that has all the parts."""
    return lambda shown: all(part in shown for part in parts)


def test_the_workflow_monitor_counts_up_as_tasks_complete(own_daemon, show):
    topic, (first, second, third) = own_daemon.workflow()
    page = show("WorkflowMonitor", topic, orderId=int(topic.rpartition(".")[2]))
    page.wait(shown=text("Workflow Progress: 0%"))
    for code, percentage in ((first, 33), (second, 66), (third, 100)):
        own_daemon.ask("task", "complete", code)
        page.wait(shown=text(f"Workflow Progress: {percentage}%"))
    page.wait(toast='Task "ADV Review" completed!', level="success")
    page.wait(toast='Task "Convert to BL" is ready!', level="info")
    assert page.do("hide") == []


def test_the_workflow_monitor_warns_of_a_task_that_is_late(own_daemon, show):
    topic, (first, *_) = own_daemon.workflow("--at", "3h ago")
    page = show("WorkflowMonitor", topic, orderId=int(topic.rpartition(".")[2]))
    own_daemon.ask("task", "start", first, "--at", "75m30s ago")
    page.wait(toast='⚠️ Task "ADV Review" exceeded SLA by 45 minutes!', level="error")


def test_the_notifications_of_a_user_grow_as_tasks_become_ready(own_daemon, show):
    _, (first, second, _) = own_daemon.workflow()
    own_daemon.ask("user", "add", "dana", "--id", "5")
    own_daemon.ask("task", "assign", second, "user:5")
    page = show("UserNotifications", "user.5.tasks", userId=5)
    own_daemon.ask("task", "complete", first)
    page.wait(sound=True)
    page.wait(
        shown=text('Task "Convert to BL" is ready for you', "Task 'Convert to BL' is ready for you"),
        classes=lambda classes: "notification task_ready" in classes,
    )
    assert page.do("hide") == []


def test_the_dashboard_hears_the_alarm_and_shows_the_new_numbers(own_daemon, show):
    _, (late, *_) = own_daemon.workflow("--at", "3h ago")
    _, (hurried, *_) = own_daemon.workflow("--at", "3h ago")
    page = show("SLADashboard", "admin.sla.alerts")
    page.wait(shown=lambda shown: shown and "undefined" not in shown)
    own_daemon.ask("task", "start", hurried, "--at", "26m ago")
    own_daemon.ask("task", "start", late, "--at", "100m30s ago")
    page.wait(alert='⚠️ SLA ALERT: Task "ADV Review" exceeded by 70 minutes', level="high")
    now = own_daemon.ask("sla", "stats")
    page.wait(
        shown=text(
            f"On Time: {now['on_time']}\n",
            f"At Risk: {now['at_risk']}\n",
            f"Exceeded: {now['exceeded']}\n",
            f"Compliance Rate: {now['compliance_rate']:g}%",
            f"{hurried}: high",
        )
    )
    assert page.do("hide") == []


def test_a_component_follows_on_after_a_restart(own_daemon, show):
    topic, (first, *_) = own_daemon.workflow()
    page = show("WorkflowMonitor", topic, orderId=int(topic.rpartition(".")[2]))
    own_daemon.restart()
    page.wait(subscribed=topic)
    own_daemon.ask("task", "complete", first)
    page.wait(toast=anything, level="success")
    page.wait(shown=text("Workflow Progress: 33%"))

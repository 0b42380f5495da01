"""The packages from npm as they are, laravel-echo, pusher-js and axios, in jsdom and in Chromium.

Pages of people with tokens come from another origin and sign in by `bearerToken`; the owner's page comes from
the daemon's own origin and sends nothing.
"""

CHANGED = ".task.status.changed"
READY = ".task.became.ready"


def follow(page, how, topic, *events):
    """Follow a topic, and be sure of it."""
    page.do("follow", how, topic, *events)
    page.wait(heard="subscribed", on=topic)


def test_a_change_on_the_command_line_reaches_a_private_channel(daemon, visit):
    topic, (first, second, _) = daemon.workflow()
    page = visit(daemon, "dana")
    follow(page, "private", topic, CHANGED, READY)
    daemon.ask("task", "complete", first, "--by", "5")
    changed = page.wait(heard=CHANGED, on=topic)["data"]
    assert (changed["task_code"], changed["new_status"], changed["changed_by"]) == (first, "completed", 5)
    assert page.wait(heard=READY, on=topic)["data"]["task_code"] == second


def test_the_owner_of_the_machine_needs_no_token(own_daemon, visit):
    topic, (first, *_) = own_daemon.workflow()
    page = visit(own_daemon)
    follow(page, "private", topic, CHANGED)
    own_daemon.ask("task", "start", first)
    page.wait(heard=CHANGED, on=topic, data={"task_code": first, "new_status": "in_progress"})


def test_two_followers_of_a_presence_channel_see_each_other(daemon, visit):
    topic, (first, *_) = daemon.workflow()
    dana = visit(daemon, "dana")
    follow(dana, "join", topic, CHANGED)
    assert [member["id"] for member in dana.wait(heard="here")["data"]] == [5]
    eli = visit(daemon, "eli")
    follow(eli, "join", topic)
    assert sorted(member["id"] for member in eli.wait(heard="here")["data"]) == [5, 6]
    assert dana.wait(heard="joining")["data"]["id"] == 6
    daemon.ask("task", "start", first)
    dana.wait(heard=CHANGED, on=topic)
    eli.do("disconnect")
    assert dana.wait(heard="leaving")["data"]["id"] == 6


def test_a_second_tab_of_a_present_user_is_not_announced(daemon, visit):
    topic, _ = daemon.workflow()
    dana = visit(daemon, "dana")
    follow(dana, "join", topic)
    eli = [visit(daemon, "eli"), visit(daemon, "eli")]
    for tab in eli:
        follow(tab, "join", topic)
    eli[0].do("leave", topic)
    eli[1].do("disconnect")
    dana.wait(heard="leaving")
    assert len(dana.told(heard="joining")) == 1
    assert not dana.told(heard="leaving")


def test_a_cache_channel_begins_with_the_last_event(daemon, visit):
    topic, (first, *_) = daemon.workflow()
    daemon.ask("task", "start", first)
    page = visit(daemon, "dana")
    follow(page, "private", f"cache-{topic}", CHANGED)
    page.wait(heard=CHANGED, on=f"cache-{topic}", data={"task_code": first, "new_status": "in_progress"})
    daemon.ask("task", "complete", first)
    page.wait(heard=CHANGED, data={"new_status": "completed"})


def test_a_cache_channel_of_which_nothing_is_known_says_so(daemon, visit):
    page = visit(daemon, "dana")
    page.do("follow", "private", "cache-workflow.bc.unknown", ".pusher:cache_miss")
    page.wait(heard=".pusher:cache_miss", on="cache-workflow.bc.unknown")


def test_a_task_that_becomes_ready_notifies_its_holder(daemon, visit):
    _, (first, second, _) = daemon.workflow()
    daemon.ask("task", "assign", second, "user:5")
    page = visit(daemon, "dana")
    follow(page, "private", "user.5.tasks", READY)
    page.do("notification", "user.5.tasks")
    daemon.ask("task", "complete", first)
    ready = page.wait(heard=READY, on="user.5.tasks")["data"]
    note = page.wait(heard="notification")["data"]
    assert note["task_id"] == ready["task_id"]
    assert note["message"] == "Task 'Convert to BL' is ready for you"
    assert note["action_url"] == f"{daemon.url}/admin/tasks/{note['task_id']}"
    assert note["id"]
    assert note["type"]


def test_nothing_comes_on_a_channel_after_leaving_it(daemon, visit):
    topic, (first, second, _) = daemon.workflow()
    page = visit(daemon, "dana")
    follow(page, "private", topic, CHANGED)
    follow(page, "private", "cache-" + topic, CHANGED)
    page.do("leave", topic)
    daemon.ask("task", "complete", first)
    daemon.ask("task", "complete", second)
    page.wait(heard=CHANGED, on=f"cache-{topic}", data={"task_code": second, "new_status": "completed"})
    assert not page.told(heard=CHANGED, on=topic)
    follow(page, "private", topic, CHANGED)


def test_a_restart_brings_a_page_back_with_all_its_channels(daemon, visit):
    topic, (first, second, _) = daemon.workflow()
    page = visit(daemon, "dana")
    follow(page, "private", topic, CHANGED)
    follow(page, "private", f"cache-{topic}", READY)
    follow(page, "join", f"{topic}.room")
    before = page.do("socketId")
    daemon.stop()
    daemon.ask("task", "complete", first)
    daemon.start()
    page.wait(heard="trouble", error={"code": 4200})
    page.wait(heard="state", state="connected")
    for name in (topic, f"cache-{topic}", f"{topic}.room"):
        page.wait(heard="subscribed", on=name)
    assert page.do("socketId") != before
    page.wait(heard=READY, on=f"cache-{topic}", data={"task_code": second})
    daemon.ask("task", "complete", second)
    page.wait(heard=CHANGED, on=topic, data={"task_code": second, "new_status": "completed"})


def test_a_channel_that_is_not_allowed_ends_in_an_error_and_is_not_joined(daemon, visit):
    page = visit(daemon, "dana")
    forbidden = [("private", "admin.sla.alerts"), ("private", "user.6.tasks"), ("join", "role.driver.tasks")]
    for how, topic in forbidden:
        page.do("follow", how, topic, ".task.sla.exceeded", READY)
        page.wait(heard="error", on=topic, type="AuthError", status=403)
        assert not page.told(heard="subscribed", on=topic)
    assert page.do("isSubscribed", "private-admin.sla.alerts") is False
    topic, _ = daemon.workflow()
    follow(page, "private", topic)


def test_an_unknown_token_ends_in_an_error(daemon, visit):
    daemon.tokens["mallory"] = "tw_nobody"
    page = visit(daemon, "mallory")
    page.do("follow", "private", "workflow.bc.114")
    error = page.wait(heard="error", on="workflow.bc.114")
    assert error["type"] == "AuthError"
    assert error["status"] in {401, 403}


def test_who_makes_a_change_by_axios_is_spared_its_echo(daemon, visit):
    topic, (first, *_) = daemon.workflow()
    task = daemon.ask("task", "show", first)
    dana, eli = visit(daemon, "dana"), visit(daemon, "eli")
    for page in (dana, eli):
        follow(page, "private", topic, CHANGED)
    answer = dana.do("post", f"/api/v1/tasks/{task['id']}/start")
    assert answer["status"] == 200, answer
    eli.wait(heard=CHANGED, data={"new_status": "in_progress"})
    daemon.ask("task", "complete", first)
    assert dana.wait(heard=CHANGED)["data"]["new_status"] == "completed"


def test_pages_whisper_to_each_other_where_client_events_are_on(own_daemon, visit):
    topic, _ = own_daemon.workflow()
    pages = [visit(own_daemon), visit(own_daemon)]
    for page in pages:
        follow(page, "private", topic)
        page.do("hearWhisper", topic, "typing")
    pages[0].do("whisper", topic, "typing", {"name": "dana"})
    assert pages[1].wait(heard="whisper", on=topic)["data"] == {"name": "dana"}
    pages[1].do("whisper", topic, "typing", {"name": "eli"})
    assert pages[0].wait(heard="whisper", on=topic)["data"] == {"name": "eli"}


def test_a_whisper_is_refused_where_client_events_are_off(daemon, visit):
    topic, _ = daemon.workflow()
    page = visit(daemon, "dana")
    follow(page, "private", topic)
    page.do("whisper", topic, "typing", {})
    page.wait(heard="trouble", error={"code": 4301})
    assert page.do("isSubscribed", f"private-{topic}") is True

"""Every view for everybody: axe finds nothing serious, the keyboard reaches all, and it fits every window."""

import pytest

from browser.chrome import text
from front import parts

WIDTHS = (360, 768, 1440)
GRAVE = {"serious", "critical"}
VIEWS = ("board", "workflows", "workflow", "inbox", "task", "operations", "login")
# Notes which of the controls that Tab should reach had the focus, and where one would not have seen it.
PREPARE = """() => {
  const look = (element) => {
    const told = [element, ...element.querySelectorAll("*")].slice(0, 12).map((each) => {
      const style = getComputedStyle(each);
      const outline = style.outlineStyle === "none" ? 0 : style.outlineWidth;
      return [outline, style.boxShadow, style.stroke, style.strokeWidth, style.borderColor];
    });
    return JSON.stringify(told);
  };
  const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
  const controls = [...document.querySelectorAll(kinds)]
    .filter((each) => each.tabIndex >= 0 && !each.disabled && each.type !== "hidden")
    .filter((each) => each.checkVisibility({ visibilityProperty: true }));
  const name = (each) => `${each.localName} ${each.id} ${each.textContent.trim().slice(0, 40)}`;
  document.activeElement?.blur();
  window.calm = new Map(controls.map((each) => [each, look(each)]));
  window.reached = new Set();
  window.unseen = [];
  document.addEventListener("focusin", ({ target }) => {
    reached.add(target);
    const { bottom, top, right, left, width } = target.getBoundingClientRect();
    const isInside = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth && width > 0;
    if (!isInside) unseen.push(`outside: ${name(target)}`);
    if (calm.has(target) && calm.get(target) === look(target)) unseen.push(`looks the same: ${name(target)}`);
  });
  window.missed = () => controls.filter((each) => each.isConnected && !reached.has(each)).map(name);
  return controls.length;
}"""
LONGEST = """() => [...document.querySelectorAll("#tasks th a")]
  .sort((one, other) => other.textContent.length - one.textContent.length).slice(0, 4)
  .map((each) => each.getAttribute("href"))"""
# What sticks out of the window, unless a box of its own scrolls it.
BEYOND = """() => {
  if (document.scrollingElement.scrollWidth <= innerWidth) return [];
  const wide = [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => `${each.localName}#${each.id}.${each.getAttribute("class")}`);
  return [`${document.scrollingElement.scrollWidth} px`, ...wide.slice(0, 8)];
}"""


@pytest.fixture(scope="module")
def axe():
    """The script of axe-core."""
    return (parts.packages() / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module", params=VIEWS)
def page(request, daemon, receive):
    """Each view in turn, signed in where one has to be."""
    with receive(daemon, who=None if request.param == "login" else "you", reduced_motion="reduce") as visitor:
        path = {**daemon.views(), "login": "/login"}[request.param]
        yield visitor.visit(path, live=request.param != "login")


def test_axe_finds_nothing_serious_in_light_and_dark(page, axe):
    page.evaluate(axe)
    assert grave(page.evaluate("axe.run()")) == []
    page.emulate_media(color_scheme="dark")
    assert grave(page.evaluate("axe.run({ runOnly: ['color-contrast', 'link-in-text-block'] })")) == []


def test_the_keyboard_reaches_every_control_and_one_sees_where_it_is(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    for _ in range(page.evaluate(PREPARE) + 10):
        page.keyboard.press("Tab")
        if not page.evaluate("missed().length"):
            break
    assert page.evaluate("missed()") == []
    assert page.evaluate("unseen") == []


def test_no_view_is_wider_than_the_window(page):
    fits(page, WIDTHS)


@pytest.mark.parametrize("path", ["/?all=1", "/workflows", "/workflows/bad/1", "/inbox", "/admin/operations"])
def test_names_of_any_length_widen_no_view(hurtful_daemon, come, path):
    fits(come(hurtful_daemon).visit(path), WIDTHS)


def test_names_of_any_length_widen_no_page_of_a_task(hurtful_daemon, come):
    visitor = come(hurtful_daemon)
    page = visitor.visit("/workflows/bad/1")
    longest = page.evaluate(LONGEST)
    for task in longest:
        page.goto(visitor.url + task)
        fits(page, WIDTHS)


def test_no_menu_of_a_task_leaves_a_phone(daemon, come):
    page = come(daemon).visit(daemon.views()["task"], live=True)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    menus = page.locator("details.menu > summary")
    assert menus.count() >= 3
    for number in range(menus.count()):
        menus.nth(number).click()
        box = page.locator("details.menu[open] > div").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTHS[0]
        page.keyboard.press("Escape")


def fits(page, widths):
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate(BEYOND)
        assert wide == [], f"{text(page, 'h1')} at {width} px"


def grave(found):
    """What axe holds to be serious or worse, with where it is."""
    return [
        (each["id"], node["html"][:160], node["failureSummary"])
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"][:5]
    ]

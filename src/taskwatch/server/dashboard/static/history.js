/** The history of the task under the pointer or the focus, as the server tells it. */
import { tick } from "./countdown.js";
import { onRefresh } from "./refresh.js";
import { mark, tileOf, urgent } from "./walk.js";

const DELAY_MS = 120;

const picture = document.getElementById("picture");
let task = "";
let wasChosen = "";
let timer = 0;
let turn = 0;

/** Show the history of what is near, and keep it fresh; first of what is most urgent. */
export function keepHistory() {
  picture.addEventListener("near", (event) => soon(event.target.dataset.task));
  picture.addEventListener("pointerdown", () => (wasChosen = task));
  picture.addEventListener("click", choose, true);
  onRefresh(() => task && load());
  const first = urgent() ?? picture.querySelector(".tile");
  if (first) soon(first.dataset.task);
}

/** A finger cannot point: the first touch shows the history, the second opens the task. */
function choose(event) {
  const tile = event.target.closest(".tile");
  if (!tile || event.pointerType !== "touch" || tile.dataset.task === wasChosen) return;
  event.preventDefault();
  mark(tile.dataset.task);
  soon(tile.dataset.task);
}

function soon(wanted) {
  task = wanted;
  clearTimeout(timer);
  timer = setTimeout(load, DELAY_MS);
}

async function load() {
  const path = tileOf(task)?.dataset.history;
  if (!path) return;
  const now = ++turn;
  try {
    const headers = { Accept: "text/html", "Taskwatch-Part": "main" };
    const answer = await fetch(path, { headers, cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (now === turn) show(page.querySelector("main"));
  } catch {
    // without a network what is shown stays; it is asked again with the next refresh
  }
}

function show(main) {
  tick(main);
  document.getElementById("history").replaceChildren(...main.childNodes);
}

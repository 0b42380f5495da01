/**
 * Keeping the page fresh: on an event the same address is asked for its <main> again and the difference is
 * put into the page. At once after the first event; while they flow with a pause that gives the server and the
 * browser most of their time for other things, yet so that nothing is shown later than a second after it was.
 */
import { follow } from "./live.js";
import { morph } from "./morph.js";
import { setClock, tick } from "./countdown.js";

const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 5_000;
const PAUSE_FACTOR = 3; // times as long as the last refresh took
const HIDDEN_PAUSE_MS = 5_000;
const RETRY_MS = 4_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const BADGE_DELAY_MS = 400;

const body = document.body;
const main = document.getElementById("main");
const badge = document.getElementById("live");
const onFacts = new Set();
const onRefreshes = new Set();
let cursor = body.dataset.cursor;
let isWanted = false;
let isBusy = false;
let timer = 0;
let staleTimer = 0;
let badgeTimer = 0;
let last = 0;
let took = 0;

/** Be told of every fact of the page's topics, as `{seq, id, kind, at, topics, data}`. */
export const onFact = (listener) => onFacts.add(listener);

/** Be told whenever `<main>` was brought up to date. */
export const onRefresh = (listener) => onRefreshes.add(listener);

/** Follow the page's topics. Called once, by start.js. */
export function keepFresh() {
  adopt(main);
  follow({
    url: `${body.dataset.base}/events`,
    name: `taskwatch ${body.dataset.base} ${body.dataset.user}`,
    topics: JSON.parse(body.dataset.topics),
    cursor: () => cursor,
    fact: heard,
    reset: () => {
      cursor = "";
      soon();
    },
    state: show,
  });
  addEventListener("popstate", () => refresh());
}

/** Bring the page up to date now, with nothing that is older than this call. */
export async function refresh() {
  await load("");
}

function heard(fact) {
  cursor = fact.id;
  onFacts.forEach((listener) => listener(fact));
  soon();
}

function soon() {
  isWanted = true;
  if (isBusy || timer) return;
  const rest = Math.min(Math.max(PAUSE_FACTOR * took, LEAST_PAUSE_MS), MOST_PAUSE_MS);
  const pause = document.hidden ? HIDDEN_PAUSE_MS : rest;
  timer = setTimeout(run, Math.max(0, last + pause - Date.now()));
}

async function run() {
  timer = 0;
  isWanted = false;
  isBusy = true;
  last = Date.now();
  try {
    await load(cursor);
    took = Date.now() - last;
  } catch {
    isWanted = true;
    last = Date.now() + RETRY_MS;
  }
  isBusy = false;
  if (isWanted) soon();
}

async function load(after) {
  const headers = { Accept: "text/html", "Taskwatch-Part": "main" };
  if (after) headers["Taskwatch-After"] = after;
  const asked = location.href;
  const answer = await fetch(asked, { headers, cache: "no-store" });
  if (answer.redirected) return location.reload(); // to the page to sign in on
  if (answer.status >= 500) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("main");
  await new Promise((resolve) => setTimeout(resolve)); // a long page is read and put in at two goes
  if (!fresh || asked !== location.href) return;
  if (isLater(main.dataset.cursor, fresh.dataset.cursor)) return; // overtaken by a later one
  setClock(Number(fresh.dataset.now));
  tick(fresh);
  morph(main, fresh);
  adopt(main);
  onRefreshes.forEach((listener) => listener());
}

/** Take over what the middle of a page says about the rest of it. */
function adopt(element) {
  const { title, unread, now, staleAt, cursor: seen } = element.dataset;
  if (!cursor || isLater(seen, cursor)) cursor = seen;
  if (document.title !== title) document.title = title;
  const count = document.getElementById("unread");
  if (count) {
    count.hidden = unread === "0";
    count.firstElementChild.textContent = unread;
  }
  clearTimeout(staleTimer);
  if (staleAt) {
    const wait = Math.max(Number(staleAt) - Number(now), 0) + 50;
    if (wait < LONGEST_TIMER_MS) staleTimer = setTimeout(soon, wait);
  }
}

function isLater(one, other) {
  const [a, b] = [one, other].map((text) => text.split("-"));
  return a[0] === b[0] && Number(a[1]) > Number(b[1]);
}

/** A short interruption is nobody's concern. */
function show(state) {
  clearTimeout(badgeTimer);
  if (state === "live" && isWanted) soon();
  if (!badge || badge.dataset.state === state) return;
  badgeTimer = setTimeout(
    () => {
      badge.dataset.state = state;
      badge.textContent = state;
    },
    state === "live" ? 0 : BADGE_DELAY_MS,
  );
}


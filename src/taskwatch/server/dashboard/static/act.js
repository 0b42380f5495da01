/**
 * Buttons that do something: `<button data-act="/api/v1/tasks/5/ack" data-body='{"until":"2h"}'>`, and forms
 * `<form data-act="…">` whose fields become the body. Further attributes: `data-method` (POST), `data-match`
 * (the version for If-Match), `data-done` (what to say when it worked), `data-sure` (a question before).
 */
import { refresh } from "./refresh.js";
import { toast } from "./toast.js";

const CONFLICTS = [409, 412];
const keys = new WeakMap();

/** What the server said no to: an RFC 9457 problem. */
export class Problem extends Error {
  constructor(status, told) {
    super([told.detail, told.hint].filter(Boolean).join(" – "));
    this.status = status;
    this.told = told;
  }
}

/**
 * Send a change; the answer as JSON.
 * @throws {Problem} when it is refused; a TypeError when the network fails
 */
export async function post(path, body = {}, { method = "POST", match = "", key = newKey() } = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key };
  if (match) headers["If-Match"] = `"${match}"`;
  const url = document.body.dataset.base + path;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const told = await answer.json().catch(() => ({ detail: `the server answered ${answer.status}` }));
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

/** Do what an element says: send, tell, bring the page up to date. Whether it worked. */
export async function act(element, body) {
  if (element.getAttribute("aria-busy") === "true") return false;
  const { act: path, method, match, done, sure } = element.dataset;
  if (sure && !confirm(sure)) return false;
  element.setAttribute("aria-busy", "true");
  try {
    // A click whose answer was lost is sent again under its key: it is done once.
    await post(path, body, { method, match, key: keyOf(element, path, body) });
    keys.delete(element);
    if (done) toast(done, "success");
    return true;
  } catch (error) {
    explain(error, element);
    return false;
  } finally {
    element.removeAttribute("aria-busy");
    await refresh().catch(() => {});
  }
}

/** Listen for clicks and forms. Called once, by start.js. */
export function listen() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    button.closest("details.menu")?.removeAttribute("open");
    act(button, JSON.parse(button.dataset.body || "{}"));
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    const fixed = JSON.parse(form.dataset.body || "{}");
    if (await act(form, { ...fixed, ...filled(form, event.submitter) })) form.reset();
  });
}

function explain(error, element) {
  if (!(error instanceof Problem)) {
    toast("The server cannot be reached. Nothing is lost: try again in a moment.", "error");
    return;
  }
  keys.delete(element);
  toast(error.message, CONFLICTS.includes(error.status) ? "warn" : "error");
}

function keyOf(element, path, body) {
  const wish = `${path} ${JSON.stringify(body)}`;
  if (keys.get(element)?.wish !== wish) keys.set(element, { wish, key: newKey() });
  return keys.get(element).key;
}

/** crypto.randomUUID is for secure contexts alone, and a daemon in a house network is none. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function filled(form, submitter) {
  return Object.fromEntries([...new FormData(form, submitter)].filter(([, value]) => value !== ""));
}

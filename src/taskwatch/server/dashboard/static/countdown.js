/** Time that passes on the page: one timer for all that counts, by the clock of the server. */
let offset = 0;

/** The server says it is this late (ms UTC). */
export function setClock(now) {
  offset = now - Date.now();
}

/** What the clock of the server says now (ms UTC). */
export const serverNow = () => Date.now() + offset;

/** Count once a second from now on. Called once, by start.js. */
export function keepCounting() {
  setClock(Number(document.getElementById("main").dataset.now));
  const run = () => {
    if (!document.hidden) tick(document);
    setTimeout(run, 1_000 - (serverNow() % 1_000));
  };
  run();
  document.addEventListener("visibilitychange", () => tick(document));
}

/** Bring everything below an element up to now. */
export function tick(root) {
  const now = serverNow();
  for (const element of root.querySelectorAll("[data-due]")) {
    const left = Number(element.dataset.due) - now;
    if (element.localName === "progress") {
      const share = Math.max(0, Math.round((left / Number(element.dataset.span)) * 1_000) / 10);
      if (element.value !== share) element.value = share;
    } else write(element, clock(Math.floor(left / 1_000)));
  }
  for (const element of root.querySelectorAll("[data-over-since]")) {
    write(element, clock(Math.floor((now - Number(element.dataset.overSince)) / 1_000)));
  }
  for (const element of root.querySelectorAll("[data-ago]")) {
    write(element, `${spell(Math.max(0, Math.floor((now - Number(element.dataset.ago)) / 1_000)))} ago`);
  }
  for (const element of root.querySelectorAll("time[data-when]")) {
    write(element, local(element.dateTime));
  }
}

/** `12m 05s`, as the server says it; without seconds from an hour on. */
export function clock(seconds) {
  if (seconds < 0) return `-${clock(-seconds)}`;
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 && minutes < 60 ? `${minutes}m ${pad(seconds % 60)}s` : spell(seconds);
}

/** `45s`, `12m`, `1h 05m` or `2d 3h`. */
export function spell(seconds) {
  const [minutes, hours, days] = [60, 3_600, 86_400].map((size) => Math.floor(seconds / size));
  if (days) return `${days}d ${hours % 24}h`;
  if (hours) return `${hours}h ${pad(minutes % 60)}m`;
  return minutes ? `${minutes}m` : `${seconds}s`;
}

const shown = new Map();

/** An instant in the zone of the browser; the zone itself is in the title. */
function local(text) {
  if (!shown.has(text)) {
    if (shown.size > 5_000) shown.clear();
    const at = new Date(text);
    const day = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join("-");
    shown.set(text, `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}`);
  }
  return shown.get(text);
}

const pad = (number) => String(number).padStart(2, "0");

function write(element, text) {
  const node = element.firstChild;
  if (node?.nodeValue !== text) element.textContent = text;
}

/** The inbox: what is shown counts as seen; a sound and a browser notification for those who want them. */
import { post } from "./act.js";
import { onFact, onRefresh } from "./refresh.js";
import { toast } from "./toast.js";

const KEY = "taskwatch.inbox";
const entries = document.getElementById("entries");
const sound = document.getElementById("sound");
const notify = document.getElementById("notify");
let wishes = { sound: false, notify: false, ...recall() };
let audio = null;

show();
markSeen();
onRefresh(markSeen);
onFact(({ kind, data }) => {
  if (kind !== "notification.created" || String(data.user_id) !== entries?.dataset.owner) return;
  if (wishes.sound) beep();
  if (wishes.notify && document.hidden) data.broadcast.forEach(tell);
});
document.addEventListener("visibilitychange", markSeen);

sound?.addEventListener("click", () => {
  wish({ sound: !wishes.sound });
  if (wishes.sound) beep(); // a browser plays nothing before somebody clicked
});

notify?.addEventListener("click", async () => {
  if (wishes.notify) return wish({ notify: false });
  if (!("Notification" in window)) return toast("This browser shows no notifications of this page.", "warn");
  const allowed = (await Notification.requestPermission()) === "granted";
  wish({ notify: allowed });
  if (!allowed) toast("The browser does not allow it; its settings for this page do.", "warn");
});

/** Whoever follows an entry has read it. */
document.addEventListener("click", (event) => {
  const id = event.target.closest("a[data-entry]")?.dataset.entry;
  if (id) send("read", { user: owner(), ids: [Number(id)] }, true);
});

function owner() {
  return Number(entries.dataset.owner);
}

function markSeen() {
  if (!entries || document.hidden || entries.dataset.own !== "1" || entries.dataset.unseen === "0") return;
  send("seen", { user: owner() });
}

/** Nothing is lost if it fails: the entry is as it was. `keepalive` lets it outlive the page. */
function send(how, body, keepalive = false) {
  const path = `/api/v1/inbox/${how}`;
  if (!keepalive) return post(path, body).catch(() => {});
  const headers = { "Content-Type": "application/json" };
  return fetch(document.body.dataset.base + path, { method: "POST", headers, body: JSON.stringify(body), keepalive });
}

/** Two soft tones, made here. */
function beep() {
  audio ??= new AudioContext();
  [660, 880].forEach((pitch, place) => {
    const begin = audio.currentTime + place * 0.14;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, begin);
    volume.gain.exponentialRampToValueAtTime(0.12, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.22);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.24);
  });
}

function tell(data) {
  const note = new Notification(data.title ?? "taskwatch", { body: data.message ?? "", tag: `task-${data.task_id}` });
  note.onclick = () => window.focus();
}

function wish(changed) {
  wishes = { ...wishes, ...changed };
  localStorage.setItem(KEY, JSON.stringify(wishes));
  show();
}

function show() {
  for (const [button, label, on] of [
    [sound, "Sound", wishes.sound],
    [notify, "Browser notifications", wishes.notify],
  ]) {
    if (!button) continue;
    button.textContent = `${label}: ${on ? "on" : "off"}`;
    button.setAttribute("aria-pressed", String(on));
  }
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Walking through the picture: arrow keys follow the arrows; what a task is joined with stands out. */
import { onRefresh } from "./refresh.js";

const picture = document.getElementById("picture");
const URGENCY = [".mark-late", ".at-in_progress", ".at-on_hold", ".at-failed", ".at-ready"];
let near = "";

/** The box of a task. */
export const tileOf = (task) => document.getElementById(`tile-${task}`);

/** The box to look at first, if there is one where something is to be done. */
export const urgent = () => URGENCY.map((kind) => picture.querySelector(`.tile${kind}`)).find(Boolean);

/** Listen for keys, the pointer and the focus; a task that comes under them is told as `near`. */
export function keepWalking() {
  picture.addEventListener("keydown", walk);
  picture.addEventListener("pointerover", (event) => event.pointerType !== "touch" && come(event));
  picture.addEventListener("focusin", come);
  picture.addEventListener("pointerleave", leave);
  onRefresh(() => mark(near));
}

/** Let a task and what it is joined with stand out; "" is none. */
export function mark(task) {
  near = task;
  for (const element of picture.querySelectorAll(".near, .beside")) element.classList.remove("near", "beside");
  const tile = task && tileOf(task);
  document.getElementById("graph").classList.toggle("has-near", Boolean(tile));
  if (!tile) return;
  tile.classList.add("near");
  for (const each of [...ids(tile, "before"), ...ids(tile, "behind")]) tileOf(each)?.classList.add("beside");
  const lines = `[data-source="${task}"], [data-target="${task}"]`;
  for (const line of picture.querySelectorAll(lines)) line.classList.add("near");
}

function come(event) {
  const tile = event.target.closest?.(".tile");
  if (!tile || tile.dataset.task === near) return;
  mark(tile.dataset.task);
  tile.dispatchEvent(new CustomEvent("near", { bubbles: true }));
}

/** What has the focus is near again, if anything has. */
function leave() {
  const tile = document.activeElement?.closest?.(".tile");
  if (tile) come({ target: tile });
  else mark("");
}

function walk(event) {
  const tile = event.target.closest(".tile");
  if (!tile || event.ctrlKey || event.altKey || event.metaKey) return;
  const next = STEPS[event.key]?.(tile);
  if (next === undefined) return;
  event.preventDefault();
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Where a key leads: to a box, null where there is none, undefined for all other keys. */
const STEPS = {
  ArrowRight: (tile) => nearest(tile, ids(tile, "behind").map(tileOf)),
  ArrowLeft: (tile) => nearest(tile, ids(tile, "before").map(tileOf)),
  ArrowDown: (tile) => inColumn(tile, 1),
  ArrowUp: (tile) => inColumn(tile, -1),
};

/** The boxes come column by column, from top to bottom. */
function inColumn(tile, step) {
  const column = [...picture.querySelectorAll(".tile")].filter((each) => place(each).x === place(tile).x);
  return column[column.indexOf(tile) + step] ?? null;
}

function nearest(tile, tiles) {
  const away = (other) => Math.abs(place(other).y - place(tile).y) + Math.abs(place(other).x - place(tile).x);
  return tiles.filter(Boolean).sort((one, other) => away(one) - away(other))[0] ?? null;
}

function place(tile) {
  const { e: x, f: y } = tile.transform.baseVal.consolidate().matrix;
  return { x, y };
}

const ids = (tile, side) => tile.dataset[side].split(" ").filter(Boolean);

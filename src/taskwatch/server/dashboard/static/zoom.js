/** The size of the picture: buttons, Ctrl and the wheel, and dragging its ground. The box itself scrolls. */
import { urgent } from "./walk.js";

const STEP = 1.25;
const LEAST = 0.1;
const MOST = 2;
const READABLE = 0.75;

const picture = document.getElementById("picture");
// A sheet of its own: what the server says about the picture can be put in place without losing the size.
const sheet = new CSSStyleSheet();
let size = 1;

const ACTS = {
  in: () => resize(size * STEP),
  out: () => resize(size / STEP),
  fit: () => resize(Math.min(1, fitting("width", "clientWidth"), fitting("height", "clientHeight"))),
};

/** Begin with a size that can be read, where work is going on. */
export function keepZoom() {
  document.adoptedStyleSheets.push(sheet);
  resize(Math.min(1, Math.max(READABLE, fitting("width", "clientWidth"))));
  show(urgent());
  document.addEventListener("click", (event) => ACTS[event.target.closest("[data-zoom]")?.dataset.zoom]?.());
  picture.addEventListener("wheel", turn, { passive: false });
  picture.addEventListener("pointerdown", grab);
}

/** @param {{x: number, y: number}} [fixed] the point of the window that stays where it is; the middle */
function resize(wanted, fixed = middle()) {
  const box = picture.getBoundingClientRect();
  const [x, y] = [fixed.x - box.left, fixed.y - box.top];
  const before = size;
  size = Math.min(MOST, Math.max(LEAST, wanted));
  sheet.replaceSync(`#graph { width: ${drawn("width") * size}px; height: ${drawn("height") * size}px }`);
  document.getElementById("zoom").textContent = `${Math.round(size * 100)}%`;
  picture.scrollLeft = ((picture.scrollLeft + x) * size) / before - x;
  picture.scrollTop = ((picture.scrollTop + y) * size) / before - y;
}

/** Bring a box into the middle, without moving the page. */
function show(tile) {
  if (!tile) return;
  const [box, room] = [tile.getBoundingClientRect(), picture.getBoundingClientRect()];
  picture.scrollBy(box.left + box.width / 2 - room.left - room.width / 2, 0);
  picture.scrollBy(0, box.top + box.height / 2 - room.top - room.height / 2);
}

function turn(event) {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  resize(size * Math.exp(-event.deltaY / 400), event);
}

function grab(event) {
  if (event.pointerType !== "mouse" || event.button || event.target.closest(".tile")) return;
  const from = { x: picture.scrollLeft + event.clientX, y: picture.scrollTop + event.clientY };
  const drag = ({ clientX, clientY }) => picture.scrollTo(from.x - clientX, from.y - clientY);
  const drop = () => {
    picture.classList.remove("is-grabbed");
    removeEventListener("pointermove", drag);
  };
  picture.classList.add("is-grabbed");
  addEventListener("pointermove", drag);
  addEventListener("pointerup", drop, { once: true });
}

function middle() {
  const { left, top, width, height } = picture.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

/** How large the server drew it. */
const drawn = (side) => document.getElementById("graph")[side].baseVal.value;
const fitting = (side, room) => picture[room] / drawn(side);

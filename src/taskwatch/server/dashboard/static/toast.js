/** Messages that come up in a corner and go by themselves; staying over them keeps them. */
const MOST = 5;
const LIFE_MS = { info: 6_000, success: 6_000, warn: 10_000, error: 15_000 };
const SIGNS = { info: "i", success: "✓", warn: "!", error: "✕" };

const region = document.getElementById("toasts");

/**
 * Show a text.
 * @param {string} text never taken as markup
 * @param {"info"|"success"|"warn"|"error"} level
 */
export function toast(text, level = "info") {
  const box = make("div", `toast ${level}`);
  const sign = make("span", "sign", SIGNS[level]);
  sign.setAttribute("aria-hidden", "true");
  const close = make("button", "quiet", "✕");
  close.type = "button";
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", () => box.remove());
  box.append(sign, make("p", "", text), close);
  expire(box, LIFE_MS[level]);
  region.append(box);
  while (region.children.length > MOST) region.firstElementChild.remove();
}

/** Let Escape close the newest. Called once, by start.js. */
export function closeByEscape() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) region.lastElementChild?.remove();
  });
}

function expire(box, life) {
  let timer = setTimeout(() => box.remove(), life);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => box.remove(), life / 2));
  box.addEventListener("mouseenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("mouseleave", release);
  box.addEventListener("focusout", release);
}

function make(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

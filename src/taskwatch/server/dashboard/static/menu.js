/** Menus made of <details class="menu">: one open at a time, closed by Escape and by a click elsewhere. */
export function keepMenus() {
  document.addEventListener("click", (event) => close(event.target.closest?.("details.menu")));
  document.addEventListener("toggle", (event) => event.target.open && close(event.target), true);
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    open.open = false;
    open.querySelector("summary").focus();
  });
}

function close(except) {
  if (except && !except.matches("details.menu")) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

/** Open a popover below an element, inside of the window. */
export function openBelow(box, element) {
  box.showPopover();
  const { left, right, bottom, top } = element.getBoundingClientRect();
  const fits = bottom + box.offsetHeight + 8 < innerHeight;
  box.style.top = `${fits ? bottom + 4 : Math.max(8, top - box.offsetHeight - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(left, right - box.offsetWidth))}px`;
  box.querySelector("button")?.focus();
}

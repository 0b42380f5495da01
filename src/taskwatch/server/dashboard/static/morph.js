/**
 * Making one tree like another with as few changes as can be: what has the focus keeps it, what was typed
 * or opened stays, what did not change is not touched. Elements are told apart by `id` or `data-key`;
 * inside an element with `data-keep` nothing is changed.
 */

/** Make `old` look like `fresh`, which is used up. */
export function morph(old, fresh) {
  const focused = document.activeElement;
  alike(old, fresh);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function alike(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  attributes(old, fresh);
  if (!old.hasAttribute("data-keep")) children(old, fresh);
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isKept(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isKept(old, name)) old.setAttribute(name, value);
  }
}

/** What the person decided is not the server's: whether a <details> is open, a button that is at work. */
function isKept(element, name) {
  return (name === "open" && element.localName === "details") || name === "aria-busy";
}

function children(old, fresh) {
  const known = keyed(old);
  const coming = keyed(fresh);
  for (const [key, node] of known) if (!coming.has(key)) node.remove();
  let place = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const found = match(node, known, place);
    if (!found) {
      old.insertBefore(node, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else old.insertBefore(found, place);
    update(found, node);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function match(node, known, place) {
  const key = keyOf(node);
  if (key) {
    const found = known.get(key);
    return found?.nodeName === node.nodeName ? found : null;
  }
  const fits = place && !keyOf(place) && place.nodeType === node.nodeType && place.nodeName === node.nodeName;
  return fits ? place : null;
}

function update(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) alike(old, fresh);
  else if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
}

function keyed(parent) {
  return new Map([...parent.children].filter(keyOf).map((child) => [keyOf(child), child]));
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key : undefined;
}

/* Makes one piece of a page like another one, and touches nothing that is alike already: whoever reads, types or has the
 * focus somewhere is not disturbed. Gives `window.syncgroupsMorph(from, to)`.
 *
 * id, data-key   name an element among its siblings, so that rows may change places
 * data-keep      what is inside belongs to a script, and stays as it is
 *
 * What the reader has opened stays open: `open` of a `details` is never changed.
 */
const nameOf = (node) => (node.nodeType === Node.ELEMENT_NODE && (node.id || node.dataset.key)) || "";

const alike = (one, other) => one.nodeName === other.nodeName && nameOf(one) === nameOf(other);

function attributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "open") {
      from.removeAttribute(name);
    }
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value && name !== "open") {
      from.setAttribute(name, value);
    }
  }
}

function children(from, to) {
  // What is gone goes first: the rest need not move then, by which it would lose the focus.
  const wantedNames = new Set([...to.children].map(nameOf));
  for (const child of [...from.children]) {
    if (nameOf(child) && !wantedNames.has(nameOf(child))) {
      child.remove();
    }
  }
  from.normalize(); // The blanks before and after what was removed are one text.
  const named = new Map([...from.children].map((child) => [nameOf(child), child]));
  named.delete("");
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let match = named.get(nameOf(wanted));
    if (!match || !alike(match, wanted)) {
      // One without a name stays where it is, if what is wanted is of its kind.
      match = place && !nameOf(place) && alike(place, wanted) ? place : null;
    }
    if (!match) {
      from.insertBefore(wanted, place);
      continue;
    }
    if (match === place) {
      place = place.nextSibling;
    } else {
      from.insertBefore(match, place);
    }
    morph(match, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function morph(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) {
      from.nodeValue = to.nodeValue;
    }
    return;
  }
  if (from.hasAttribute("data-keep")) {
    return;
  }
  attributes(from, to);
  children(from, to);
}

window.syncgroupsMorph = morph;

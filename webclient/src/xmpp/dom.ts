/** Small helpers to read stanzas; names are matched with their namespace. */

/** The first child element with this name and namespace. */
export function child(el: Element, name: string, ns: string): Element | null {
  for (const c of el.children) {
    if (c.localName === name && c.namespaceURI === ns) return c;
  }
  return null;
}

/** All child elements with this name and namespace. */
export function children(el: Element, name: string, ns: string): Element[] {
  return [...el.children].filter((c) => c.localName === name && c.namespaceURI === ns);
}

/** The text of a child, or null where there is no such child. */
export function childText(el: Element, name: string, ns: string): string | null {
  return child(el, name, ns)?.textContent ?? null;
}

// XML 1.0 §2.2 allows no other characters; one of them would end the stream.
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Text without what XML cannot carry, such as control characters from a paste. */
export function clean(text: string): string {
  return text.replace(forbidden, '');
}

/** An attribute, or an empty string. */
export function attr(el: Element, name: string): string {
  return el.getAttribute(name) ?? '';
}

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

/** An attribute, or an empty string. */
export function attr(el: Element, name: string): string {
  return el.getAttribute(name) ?? '';
}

import { $build } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { child, childText } from './dom';
import { NS } from './ns';

/** Which page of a longer list (XEP-0059): after or before an item; before '' is the last page. */
export interface PageRequest {
  max: number;
  after?: string;
  before?: string;
}

/** The <set/> of a request. */
export function pageRequest(page: PageRequest): Builder {
  const set = $build('set', { xmlns: NS.rsm }).c('max', {}, String(page.max));
  if (page.after !== undefined) set.c('after', {}, page.after);
  if (page.before === '') set.c('before').up();
  else if (page.before !== undefined) set.c('before', {}, page.before);
  return set;
}

/** The ends of the page that came; null where it was empty. */
export function pageEnds(answer: Element): { first: string; last: string } | null {
  const set = child(answer, 'set', NS.rsm);
  const first = set && childText(set, 'first', NS.rsm);
  const last = set && childText(set, 'last', NS.rsm);
  return first && last ? { first, last } : null;
}

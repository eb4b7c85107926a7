import { $build, $iq } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { newId } from '../lib/id';
import { fromHome } from './client';
import type { Client } from './client';
import { attr, child } from './dom';
import { NS } from './ns';
import { pageEnds, pageRequest } from './rsm';
import type { PageRequest } from './rsm';
import { parseStamp } from './stamp';

/** What is asked of the archive; without any of it all messages fit. */
export interface Filter {
  with?: string;
  /** Milliseconds since 1970. */
  start?: number;
}

/** One stored message: its id in the archive, when it came there, and itself. */
export interface Archived {
  id: string;
  at: number;
  message: Element;
}

export interface ArchivePage {
  /** In the order of the archive. */
  results: Archived[];
  ends: { first: string; last: string } | null;
  /** Whether there is nothing beyond, in the direction of paging. */
  complete: boolean;
}

/** Asks the own server for what it has stored (XEP-0313). */
export class Archive {
  private collecting = new Map<string, Archived[]>();

  constructor(private client: Client) {
    client.onMessage((el) => this.collect(el));
  }

  /** XEP-0313 §3: one page of the own archive. */
  async page(page: PageRequest, filter: Filter = {}): Promise<ArchivePage> {
    const queryid = newId();
    const results: Archived[] = [];
    this.collecting.set(queryid, results);
    try {
      const answer = await this.client.iq(query(queryid, page, filter));
      const fin = child(answer, 'fin', NS.mam);
      return { results, ends: fin && pageEnds(fin), complete: fin ? attr(fin, 'complete') === 'true' : true };
    } finally {
      this.collecting.delete(queryid);
    }
  }

  // Only the own archive may claim what was said (XEP-0313 §7, XEP-0297 §5).
  private collect(el: Element): void {
    const result = child(el, 'result', NS.mam);
    if (!result || !fromHome(this.client, el)) return;
    const archived = readResult(result);
    if (archived) this.collecting.get(attr(result, 'queryid'))?.push(archived);
  }
}

/** Whether a message carries a result of an archive. */
export function isResult(el: Element): boolean {
  return child(el, 'result', NS.mam) !== null;
}

function query(queryid: string, page: PageRequest, filter: Filter): Builder {
  const iq = $iq({ type: 'set' }).c('query', { xmlns: NS.mam, queryid });
  const fields = Object.entries({
    with: filter.with,
    start: filter.start === undefined ? undefined : new Date(filter.start).toISOString(),
  });
  if (fields.some(([, v]) => v !== undefined)) iq.cnode(form(fields).tree()).up();
  return iq.cnode(pageRequest(page).tree());
}

function form(fields: [string, string | undefined][]): Builder {
  const x = $build('x', { xmlns: NS.form, type: 'submit' });
  x.c('field', { var: 'FORM_TYPE', type: 'hidden' }).c('value', {}, NS.mam).up();
  for (const [name, value] of fields) if (value !== undefined) x.c('field', { var: name }).c('value', {}, value).up();
  return x;
}

function readResult(result: Element): Archived | null {
  const forwarded = child(result, 'forwarded', NS.forward);
  const message = forwarded && child(forwarded, 'message', NS.client);
  const delay = forwarded && child(forwarded, 'delay', NS.delay);
  const at = delay ? parseStamp(attr(delay, 'stamp')) : Number.NaN;
  if (!message || Number.isNaN(at)) return null;
  return { id: attr(result, 'id'), at, message };
}

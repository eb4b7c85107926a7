import { attr } from './dom';
import { NS } from './ns';

/** What a page leaves behind so that the next one in its tab goes on with the stream. */
export interface KeptStream {
  id: string;
  jid: string;
  handled: number;
  acked: number;
  /** Stanzas that the server has not said to have handled, as XML. */
  unacked: string[];
}

/** A stanza on its way, and the id under which it is asked for. */
export interface Sent {
  id: string;
  el: Element;
}

/** XEP-0198 §4: the counters are unsigned integers of 32 bits. */
const wrap = 2 ** 32;

/**
 * The part of stream management (XEP-0198) that outlives a connection: what
 * both sides have counted, and what went out without being acknowledged. An
 * incoming stanza counts when its handlers are through, not when it arrived:
 * what the server is told to forget is stored here.
 */
export class Stream {
  /** SM-ID; empty while there is nothing to resume. */
  private id = '';
  private bound = '';
  private counting = false;
  private acked = 0;
  private unacked: Sent[] = [];
  private ids = new Set<string>();
  private inbound = new Inbound(0);

  /** The full JID that a resumption brings back. */
  get jid(): string {
    return this.bound;
  }

  get resumable(): boolean {
    return this.id !== '';
  }

  get active(): boolean {
    return this.counting;
  }

  /** Whether something that was sent is not acknowledged yet. */
  get pending(): boolean {
    return this.unacked.length > 0;
  }

  /** Whether the stanza with this id is on its way. */
  carries(id: string): boolean {
    return this.ids.has(id);
  }

  /** XEP-0198 §4: what is sent counts from <enable/> on. */
  begin(jid: string): void {
    this.forget();
    this.bound = jid;
    this.counting = true;
  }

  /** XEP-0198 §3: what comes counts from <enabled/> on. */
  enabled(el: Element): void {
    this.inbound = new Inbound(0);
    if (['true', '1'].includes(attr(el, 'resume'))) this.id = attr(el, 'id');
  }

  sent(el: Element): void {
    if (!this.counting) return;
    const id = attr(el, 'id');
    this.unacked.push({ id, el });
    this.ids.add(id);
  }

  /** An error answered the stanza: no acknowledgement speaks for its id any more. */
  bounced(id: string): void {
    for (const sent of this.unacked) if (sent.id === id) sent.id = '';
    this.ids.delete(id);
  }

  /** A stanza came; it counts when the work for it is done. */
  took(work: Promise<unknown> | undefined): void {
    if (this.counting) this.inbound.take(work);
  }

  /** How much was handled, once that is true for all that came so far. */
  async handled(): Promise<number> {
    await this.inbound.done;
    return this.inbound.handled;
  }

  /** How much was handled by now, for an answer that cannot wait. */
  get handledNow(): number {
    return this.inbound.handled;
  }

  /** XEP-0198 §4: the server has handled so much; returns what that covers. */
  ack(h: number): Sent[] {
    const n = (h - this.acked + wrap) % wrap;
    this.acked = h;
    return this.take(n);
  }

  /** <resume/> goes out: what was half handled will come again (XEP-0198 §5). */
  resuming(): { previd: string; h: number } {
    this.inbound = new Inbound(this.inbound.handled);
    return { previd: this.id, h: this.inbound.handled };
  }

  /** Gives up what was not acknowledged, so that it can be sent anew. */
  release(): Element[] {
    return this.take(this.unacked.length).map((sent) => sent.el);
  }

  forget(): void {
    this.id = this.bound = '';
    this.counting = false;
    this.acked = 0;
    this.take(this.unacked.length);
    this.inbound = new Inbound(0);
  }

  keep(): KeptStream | null {
    if (!this.resumable) return null;
    const unacked = this.unacked.map(({ el }) => new XMLSerializer().serializeToString(el));
    return { id: this.id, jid: this.bound, handled: this.inbound.handled, acked: this.acked, unacked };
  }

  restore(kept: KeptStream): void {
    this.begin(kept.jid);
    this.id = kept.id;
    this.acked = kept.acked;
    this.inbound = new Inbound(kept.handled);
    for (const xml of kept.unacked) this.sent(new DOMParser().parseFromString(xml, 'text/xml').documentElement);
  }

  private take(n: number): Sent[] {
    const taken = this.unacked.splice(0, n);
    for (const { id } of taken) this.ids.delete(id);
    return taken;
  }
}

/** Counts incoming stanzas in their order, each when the work for it is done. */
class Inbound {
  done: Promise<unknown> = Promise.resolve();

  constructor(public handled: number) {}

  take(work: Promise<unknown> | undefined): void {
    // A handler that failed will fail again: the stanza counts as handled.
    const settled = Promise.resolve(work).catch(() => undefined);
    this.done = this.done.then(() => settled).then(() => (this.handled = (this.handled + 1) % wrap));
  }
}

/** Reads the counter of <a/>, <resumed/> or <failed/>; null where there is none. */
export function readCount(el: Element): number | null {
  const h = Number(el.getAttribute('h') ?? Number.NaN);
  return Number.isInteger(h) && h >= 0 && h < wrap ? h : null;
}

/** Whether an element counts (XEP-0198 §4). */
export function counts(el: Element): boolean {
  return ['message', 'presence', 'iq'].includes(el.localName);
}

/** Whether stream features offer stream management. */
export function offered(features: Element): boolean {
  return [...features.children].some((c) => c.localName === 'sm' && c.namespaceURI === NS.sm);
}

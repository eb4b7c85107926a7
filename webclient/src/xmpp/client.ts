import { $iq } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { backoff } from './backoff';
import { attr, child } from './dom';
import * as Jid from './jid';
import { Link } from './link';
import type { Failure } from './failure';
import type { Credentials, ScramKeys } from './link';
import { NS } from './ns';
import { Requests } from './requests';
import { Stream } from './stream';
import type { KeptStream } from './stream';
import { StanzaError } from './stanzaerror';

export type ClientState = 'stopped' | 'connecting' | 'online' | 'waiting';

/** What a feature needs to talk: the client, or a stand-in for tests. */
export interface Wire {
  readonly jid: string;
  readonly online: boolean;
  send(stanza: Builder): boolean;
  iq(stanza: Builder, timeout?: number): Promise<Element>;
}

export interface ClientEvents {
  state(state: ClientState): void;
  /** Ready to send; again after every reconnect. A resumed session goes on as if nothing had been. */
  ready(keys: ScramKeys | null, resumed: boolean): void;
  /** The server has these messages on disk (XEP-0198 §4). */
  stored(ids: string[]): void;
  /** The server said no for good: trying again would not help. */
  refused(failure: Failure): void;
}

/** Answers a request: the payload of the result, or null for an empty one. */
export type IqHandler = (iq: Element) => Builder | null | Promise<Builder | null>;

/** Takes a message; the promise is kept when the message is safe here. */
export type MessageHandler = (el: Element) => Promise<unknown> | void;

/**
 * The account's presence on the network: keeps one Link alive, comes back by
 * itself after a loss, and hands stanzas to the features that registered.
 */
export class Client implements Wire {
  private link: Link | null = null;
  private stream = new Stream();
  private requests = new Requests();
  private cred: Credentials | null = null;
  private resource = newResource();
  private attempt = 0;
  private wasOnline = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private iqHandlers = new Map<string, IqHandler>();
  private messageHandlers: MessageHandler[] = [];
  private presenceHandlers: ((el: Element) => void)[] = [];
  state: ClientState = 'stopped';

  constructor(
    private url: string,
    private events: ClientEvents,
  ) {}

  get jid(): string {
    return this.link?.jid || this.cred?.jid || '';
  }

  get online(): boolean {
    return this.state === 'online';
  }

  /** When the server was last heard. */
  get heard(): number {
    return this.link?.heard ?? 0;
  }

  onMessage(handler: MessageHandler): void {
    this.messageHandlers.push(handler);
  }

  onPresence(handler: (el: Element) => void): void {
    this.presenceHandlers.push(handler);
  }

  onIq(type: 'get' | 'set', name: string, ns: string, handler: IqHandler): void {
    this.iqHandlers.set(`${type} ${ns} ${name}`, handler);
  }

  /**
   * Starts, and stays online until stop. A known account, one that was signed
   * in before, goes on trying when the first attempt finds no server; with what
   * the page before this one kept, it goes on with its stream.
   */
  start(cred: Credentials, known = false, kept: KeptStream | null = null): void {
    this.stop();
    this.cred = cred;
    this.wasOnline = known;
    this.attempt = 0;
    if (kept) this.stream.restore(kept);
    if (kept) this.resource = Jid.resource(kept.jid);
    this.connect();
  }

  /** Ends the stream cleanly and stays away. */
  stop(): void {
    clearTimeout(this.retry);
    const link = this.link;
    this.link = null;
    this.cred = null;
    link?.close();
    this.stream.forget();
    this.requests.failAll();
    this.become('stopped');
  }

  /** The network may be back: try now instead of later. */
  nudge(): void {
    if (this.state !== 'waiting') return;
    this.attempt = 0;
    this.connect();
  }

  /** The page is being left: say goodbye now, and come back if it comes back. */
  pause(): void {
    this.link?.close();
  }

  /** The page is being loaded again: what the next one needs to go on with the stream. */
  keep(): KeptStream | null {
    return this.stream.keep();
  }

  /** The link was found dead: replace it. */
  drop(): void {
    this.link?.abandon();
  }

  /** Asks the server for a sign of life, which heard will show. */
  probe(): void {
    this.link?.probe();
  }

  /** Whether the message with this id was sent on a stream that still stands for it. */
  carries(id: string): boolean {
    return this.stream.carries(id);
  }

  /** The message with this id came back with an error. */
  bounced(id: string): void {
    this.stream.bounced(id);
  }

  send(stanza: Builder): boolean {
    return this.link?.send(stanza.tree()) ?? false;
  }

  iq(stanza: Builder, timeout?: number): Promise<Element> {
    if (!this.link) return Promise.reject(new StanzaError('recipient-unavailable', 'wait', 'You are offline.'));
    return this.link.iq(stanza.tree(), timeout);
  }

  private connect(): void {
    clearTimeout(this.retry);
    if (!this.cred) return;
    this.become('connecting');
    const link = new Link(this.url, this.cred, this.resource, this.stream, this.requests, {
      ready: (resumed, left, keys) => this.link === link && this.up(resumed, left, keys),
      stanza: (el) => (this.link === link ? this.dispatch(el) : undefined),
      acked: (stanzas) => this.events.stored(stanzas.filter(({ el }) => isMessage(el)).map(({ id }) => id)),
      closed: (failure) => this.link === link && this.down(failure),
    });
    this.link = link;
    link.open();
  }

  private up(resumed: boolean, left: Element[], keys: ScramKeys | null): void {
    this.attempt = 0;
    this.wasOnline = true;
    // From here on the keys stand for the password.
    if (keys && this.cred) this.cred = { jid: this.cred.jid, secret: keys };
    if (!resumed) this.requests.failAll();
    for (const el of left.filter(resumed ? isOurs : isReceipt)) this.link?.send(el);
    this.become('online');
    this.events.ready(keys, resumed);
  }

  private down(failure: Failure): void {
    this.link = null;
    if (this.final(failure)) {
      this.cred = null;
      this.stream.forget();
      this.requests.failAll();
      this.become('stopped');
      this.events.refused(failure);
      return;
    }
    if (failure.kind === 'conflict') {
      // Someone else has the stream or the name now.
      this.resource = newResource();
      this.stream.forget();
    }
    if (!this.stream.resumable) this.requests.failAll();
    this.become('waiting');
    this.retry = setTimeout(() => this.connect(), backoff(this.attempt++));
  }

  // A first login reports every failure; later only a rejected account does.
  private final(failure: Failure): boolean {
    if (failure.kind === 'auth') return failure.condition !== 'temporary-auth-failure' || !this.wasOnline;
    return !this.wasOnline && failure.kind !== 'conflict';
  }

  private become(state: ClientState): void {
    if (this.state === state) return;
    this.state = state;
    this.events.state(state);
  }

  private dispatch(el: Element): Promise<unknown> | undefined {
    if (el.localName === 'message') return Promise.all(this.messageHandlers.map((h) => h(el)));
    if (el.localName === 'presence') for (const h of this.presenceHandlers) h(el);
    if (el.localName === 'iq') void this.request(el);
    return undefined;
  }

  // RFC 6120 §8.2.3: every get or set is answered, to whoever asked.
  private async request(iq: Element): Promise<void> {
    const payload = iq.firstElementChild;
    const handler = this.iqHandlers.get(`${attr(iq, 'type')} ${payload?.namespaceURI} ${payload?.localName}`);
    try {
      if (!handler) throw new StanzaError('service-unavailable', 'cancel', '');
      const result = await handler(iq);
      const reply = $iq({ ...replyTo(iq), type: 'result' });
      this.send(result ? reply.cnode(result.tree()) : reply);
    } catch (err) {
      const e = err instanceof StanzaError ? err : new StanzaError('internal-server-error', 'cancel', '');
      this.send($iq({ ...replyTo(iq), type: 'error' }).c('error', { type: e.kind }).c(e.condition, { xmlns: NS.stanzas }));
    }
  }
}

function replyTo(iq: Element): Record<string, string> {
  const from = attr(iq, 'from');
  return { id: attr(iq, 'id'), ...(from ? { to: from } : {}) };
}

function isMessage(el: Element): boolean {
  return el.localName === 'message';
}

// Messages with a text are the outbox's to send again.
function isOurs(el: Element): boolean {
  return !isMessage(el) || child(el, 'body', NS.client) === null;
}

function isReceipt(el: Element): boolean {
  return isMessage(el) && child(el, 'received', NS.receipts) !== null;
}

// Each page load has its own, so tabs never end one another (RFC 6120 §7.7.2.2).
function newResource(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `parley-${[...bytes].map((b) => b.toString(36).padStart(2, '0')).join('')}`;
}

/** Whether a stanza comes from the own account or server (RFC 6121 §2.1.6). */
export function fromHome(wire: Wire, stanza: Element): boolean {
  const from = attr(stanza, 'from');
  return from === '' || from === Jid.bare(wire.jid) || from === wire.jid;
}

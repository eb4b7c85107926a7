import { Strophe } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { newId } from '../lib/id';
import { attr, child } from './dom';
import { NS } from './ns';
import * as Jid from './jid';
import { readError, StanzaError } from './stanzaerror';

type Connection = InstanceType<typeof Strophe.Connection>;

// Its own account of normal events would fill the console.
Strophe.setLogLevel(Strophe.LogLevel.ERROR);

/** The SCRAM keys that stand for a password (RFC 5802 §3). */
export interface ScramKeys {
  name: string;
  salt: string;
  iter: number;
  ck: string;
  sk: string;
}

export interface Credentials {
  jid: string;
  secret: string | ScramKeys;
}

export type FailureKind = 'auth' | 'host' | 'unreachable' | 'mechanism' | 'conflict' | 'stream';

/** Why a link did not come up or ended. */
export interface Failure {
  kind: FailureKind;
  condition: string;
  /** The server's own words, where it had some. */
  text?: string;
}

export interface LinkEvents {
  ready(fullJid: string, keys: ScramKeys | null): void;
  stanza(el: Element): void;
  closed(failure: Failure): void;
}

const connectTimeout = 15_000;
const iqTimeout = 20_000;

interface Pending {
  to: string;
  resolve(el: Element): void;
  reject(err: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * One stream from connect to close over Strophe: SASL, bind, requests and
 * their answers. A link is used once; Client makes a new one to reconnect.
 */
export class Link {
  private conn: Connection;
  private pending = new Map<string, Pending>();
  private done = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failure: Failure = { kind: 'unreachable', condition: '' };
  /** Whether bind is through and stanzas can be sent. */
  ready = false;
  /** When the last bytes arrived, for the watchdog. */
  heard = Date.now();

  constructor(
    url: string,
    private cred: Credentials,
    private resource: string,
    private events: LinkEvents,
  ) {
    this.conn = new Strophe.Connection(url, { mechanisms: mechanisms(cred.secret) });
    this.conn.rawInput = () => {
      this.heard = Date.now();
      if (!this.ready && this.failure.kind === 'unreachable') this.failure = { kind: 'stream', condition: '' };
    };
  }

  get jid(): string {
    return this.conn.jid;
  }

  open(): void {
    this.conn.addHandler((el: Element) => this.receive(el), null, null, null);
    this.timer = setTimeout(() => this.finish({ kind: 'unreachable', condition: 'timeout' }), connectTimeout);
    const jid = `${this.cred.jid}/${this.resource}`;
    this.conn.connect(jid, this.cred.secret, (status, condition, el) => this.status(status, condition, el));
  }

  /** Queues a stanza on the socket; false when there is none. */
  send(stanza: Builder): boolean {
    if (!this.ready) return false;
    try {
      this.conn.send(stanza);
      return true;
    } catch {
      return false;
    }
  }

  /** Sends a request and waits for its answer (RFC 6120 §8.2.3). */
  iq(stanza: Builder, timeout = iqTimeout): Promise<Element> {
    const el = stanza.tree();
    const id = attr(el, 'id') || newId();
    el.setAttribute('id', id);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new StanzaError('timeout', 'wait', ''));
      }, timeout);
      this.pending.set(id, { to: attr(el, 'to'), resolve, reject, timer });
      if (!this.send(stanza)) this.settle(id, new StanzaError('recipient-unavailable', 'wait', 'Not connected.'));
    });
  }

  /** Says goodbye and ends the stream. */
  close(): void {
    if (this.done) return;
    try {
      if (this.ready) this.conn.disconnect();
    } catch {
      // The socket is gone already: nothing to say goodbye to.
    }
    this.finish({ kind: 'stream', condition: 'closed' });
  }

  /** Gives the stream up without a word: nobody is listening. */
  abandon(): void {
    this.finish({ kind: 'unreachable', condition: 'timeout' });
  }

  private status(status: number, condition: string | null, el?: Element): void {
    if (this.done) return;
    switch (status) {
      case Strophe.Status.CONNECTED:
        return this.up();
      case Strophe.Status.AUTHFAIL:
        return this.finish(authFailure(condition, el));
      case Strophe.Status.CONNFAIL:
      case Strophe.Status.ERROR:
        this.failure = streamFailure(condition ?? '', this.failure);
        return;
      case Strophe.Status.DISCONNECTED:
        return this.finish(this.failure);
    }
  }

  private up(): void {
    clearTimeout(this.timer);
    this.ready = true;
    this.failure = { kind: 'unreachable', condition: '' };
    this.events.ready(this.conn.jid, this.conn.scram_keys as ScramKeys | null);
  }

  // Strophe drops a handler that throws, so nothing may escape from here.
  private receive(el: Element): boolean {
    try {
      if (!this.done && !this.answer(el)) this.events.stanza(el);
    } catch (err) {
      console.error('parley: handling a stanza failed', err);
    }
    return true;
  }

  private answer(el: Element): boolean {
    if (el.localName !== 'iq') return false;
    const type = attr(el, 'type');
    if (type !== 'result' && type !== 'error') return false;
    const waiting = this.pending.get(attr(el, 'id'));
    // RFC 6120 §8.1.2.1: only the one who was asked may answer.
    if (!waiting || !this.mayAnswer(waiting.to, attr(el, 'from'))) return true;
    this.settle(attr(el, 'id'), type === 'error' ? readError(el) : el);
    return true;
  }

  private mayAnswer(asked: string, from: string): boolean {
    if (from === asked) return true;
    const own = Jid.bare(this.conn.jid);
    const home = ['', own, Jid.domain(own), this.conn.jid];
    return home.includes(asked) && home.includes(from);
  }

  private settle(id: string, outcome: Element | Error): void {
    const waiting = this.pending.get(id);
    if (!waiting) return;
    this.pending.delete(id);
    clearTimeout(waiting.timer);
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }

  private finish(failure: Failure): void {
    if (this.done) return;
    this.done = true;
    this.ready = false;
    clearTimeout(this.timer);
    for (const id of [...this.pending.keys()]) {
      this.settle(id, new StanzaError('recipient-unavailable', 'wait', 'The connection was lost.'));
    }
    this.conn._doDisconnect();
    this.events.closed(failure);
  }
}

// A stored key fits one hash only; a password fits all that the server offers.
function mechanisms(secret: string | ScramKeys) {
  const scram = [Strophe.SASLSHA512, Strophe.SASLSHA256, Strophe.SASLSHA1];
  if (typeof secret === 'string') return [...scram, Strophe.SASLPlain];
  const names = ['SHA-512', 'SHA-256', 'SHA-1'];
  return scram.filter((_, i) => names[i] === secret.name);
}

function authFailure(condition: string | null, el?: Element): Failure {
  if (condition === 'conflict') return { kind: 'conflict', condition };
  const reason = [...(el?.children ?? [])].find((c) => c.namespaceURI === NS.sasl && c.localName !== 'text');
  const text = el && child(el, 'text', NS.sasl)?.textContent?.trim();
  return { kind: 'auth', condition: reason?.localName ?? 'not-authorized', ...(text ? { text } : {}) };
}

function streamFailure(condition: string, before: Failure): Failure {
  switch (condition) {
    case 'host-unknown':
    case 'host-gone':
    case 'improper-addressing':
      return { kind: 'host', condition };
    case 'conflict':
      return { kind: 'conflict', condition };
    case Strophe.ErrorCondition.NO_AUTH_MECH:
      return { kind: 'mechanism', condition };
  }
  // RFC 6120 §4.9.3 names are lower-case words; Strophe's own texts are sentences.
  return /^[a-z-]+$/.test(condition) ? { kind: 'stream', condition } : before;
}

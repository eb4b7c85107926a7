import { $build, Strophe } from 'strophe.js';
import { newId } from '../lib/id';
import { attr } from './dom';
import { authFailure, streamFailure } from './failure';
import type { Failure } from './failure';
import { NS } from './ns';
import * as Jid from './jid';
import type { Requests } from './requests';
import { counts, offered, readCount } from './stream';
import type { Sent, Stream } from './stream';

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

export interface LinkEvents {
  /**
   * Ready to send. Of a stream that was not resumed, or was in part, left is
   * what nobody knows to have arrived.
   */
  ready(resumed: boolean, left: Element[], keys: ScramKeys | null): void;
  /** A stanza came; the promise is kept when it was dealt with. */
  stanza(el: Element): Promise<unknown> | undefined;
  /** The server has handled these for good (XEP-0198 §4). */
  acked(stanzas: Sent[]): void;
  closed(failure: Failure): void;
}

const connectTimeout = 15_000;
const iqTimeout = 20_000;
/** When to ask again for what an acknowledgement left out. */
const askAgain = 250;

/**
 * One stream from connect to close over Strophe: SASL, then bind or resumption,
 * stanzas and what acknowledges them. A link is used once; Client makes a new
 * one to reconnect.
 */
export class Link {
  private conn: Connection;
  private done = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failure: Failure = { kind: 'unreachable', condition: '' };
  /** Whether an answer to <r/> is awaited, and whether more was sent since. */
  private asking = false;
  private more = false;
  private askTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether stanzas can be sent. */
  ready = false;
  /** When the last bytes arrived, for the watchdog. */
  heard = Date.now();

  constructor(
    url: string,
    private cred: Credentials,
    private resource: string,
    private stream: Stream,
    private requests: Requests,
    private events: LinkEvents,
  ) {
    this.conn = new Strophe.Connection(url, { mechanisms: mechanisms(cred.secret), explicitResourceBinding: true });
    this.conn.rawInput = () => {
      this.heard = Date.now();
      if (!this.ready && this.failure.kind === 'unreachable') this.failure = { kind: 'stream', condition: '' };
    };
    this.conn.xmlInput = (el) => this.nonza(el as Element);
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
  send(el: Element): boolean {
    if (!this.ready) return false;
    this.stream.sent(el);
    if (!this.write(el)) return false;
    if (el.localName === 'message' && this.stream.active) this.ask();
    return true;
  }

  /** Sends a request and waits for its answer (RFC 6120 §8.2.3). */
  iq(el: Element, timeout = iqTimeout): Promise<Element> {
    const id = attr(el, 'id') || newId();
    el.setAttribute('id', id);
    const answer = this.requests.wait(id, attr(el, 'to'), timeout);
    if (!this.send(el)) this.requests.fail(id);
    return answer;
  }

  /** Asks for a sign of life; whatever comes is one. */
  probe(): void {
    if (!this.ready) return;
    if (this.stream.active) this.nonzaOut('r');
    else this.write($build('iq', { xmlns: NS.client, type: 'get', id: newId() }).c('ping', { xmlns: NS.ping }).tree());
  }

  /** Says goodbye and ends the stream for good. */
  close(): void {
    if (this.done) return;
    // XEP-0198 §4: what was handled need not be kept for us.
    if (this.ready && this.stream.active) this.nonzaOut('a', { h: String(this.stream.handledNow) });
    this.stream.forget();
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

  private write(el: Element): boolean {
    try {
      this.conn.send(el);
      return true;
    } catch {
      return false;
    }
  }

  private nonzaOut(name: string, attrs: Record<string, string> = {}): boolean {
    return this.write($build(name, { xmlns: NS.sm, ...attrs }).tree());
  }

  private status(status: number, condition: string | null, el?: Element): void {
    if (this.done) return;
    switch (status) {
      case Strophe.Status.BINDREQUIRED:
        return this.enter();
      case Strophe.Status.CONNECTED:
        return this.bound();
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

  // XEP-0198 §5: resume where possible, else a new session.
  private enter(): void {
    if (!this.stream.resumable || !offered(this.conn.features as Element)) return this.conn.bind();
    const { previd, h } = this.stream.resuming();
    this.nonzaOut('resume', { previd, h: String(h) });
  }

  private bound(): void {
    const left = this.stream.release();
    this.stream.forget();
    if (offered(this.conn.features as Element)) {
      this.stream.begin(this.conn.jid);
      this.nonzaOut('enable', { resume: 'true' });
    }
    this.up(false, left);
  }

  private resumed(el: Element): void {
    // Strophe keeps stanzas from handlers until it thinks that bind is through.
    this.conn.jid = this.stream.jid;
    this.conn.do_bind = false;
    this.conn.authenticated = true;
    this.acknowledged(el);
    this.up(true, this.stream.release());
  }

  private up(resumed: boolean, left: Element[]): void {
    clearTimeout(this.timer);
    this.ready = true;
    this.failure = { kind: 'unreachable', condition: '' };
    this.events.ready(resumed, left, this.conn.scram_keys as ScramKeys | null);
  }

  private nonza(el: Element): void {
    if (this.done || el.namespaceURI !== NS.sm) return;
    switch (el.localName) {
      case 'enabled':
        return this.stream.enabled(el);
      case 'r':
        return void this.answerAck();
      case 'a':
        return this.answered(el);
      case 'resumed':
        return this.resumed(el);
      case 'failed':
        return this.failed(el);
    }
  }

  // XEP-0198 §5: <failed/> says how much was handled before the stream was
  // lost, and leaves this one open to bind. A refused <enable/> does no harm.
  private failed(el: Element): void {
    if (this.ready) return this.stream.forget();
    this.acknowledged(el);
    this.conn.bind();
  }

  private async answerAck(): Promise<void> {
    const h = await this.stream.handled();
    if (!this.done) this.nonzaOut('a', { h: String(h) });
  }

  // One question at a time: the answer covers all that was sent before it.
  private ask(): void {
    this.more = true;
    if (this.asking) return;
    clearTimeout(this.askTimer);
    this.asking = true;
    queueMicrotask(() => {
      this.more = false;
      this.nonzaOut('r');
    });
  }

  private answered(el: Element): void {
    this.asking = false;
    this.acknowledged(el);
    clearTimeout(this.askTimer);
    if (this.more) this.ask();
    else if (this.stream.pending) this.askTimer = setTimeout(() => this.ask(), askAgain);
  }

  private acknowledged(el: Element): void {
    const h = readCount(el);
    const stanzas = h === null ? [] : this.stream.ack(h);
    if (stanzas.length > 0) this.events.acked(stanzas);
  }

  // Strophe drops a handler that throws, so nothing may escape from here.
  private receive(el: Element): boolean {
    if (this.done || !counts(el)) return true;
    let work: Promise<unknown> | undefined;
    try {
      const own = Jid.bare(this.conn.jid);
      const home = ['', own, Jid.domain(own), this.conn.jid];
      if (!this.requests.answer(el, home)) work = this.events.stanza(el);
    } catch (err) {
      console.error('parley: handling a stanza failed', err);
    }
    this.stream.took(work);
    return true;
  }

  private finish(failure: Failure): void {
    if (this.done) return;
    this.done = true;
    this.ready = false;
    clearTimeout(this.timer);
    clearTimeout(this.askTimer);
    this.conn._doDisconnect();
    // Strophe's SCRAM may still be computing, and would write to a socket that is gone.
    this.conn.pause();
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

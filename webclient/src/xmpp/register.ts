import { $iq, Strophe } from 'strophe.js';
import type { Builder } from 'strophe.js';
import { newId } from '../lib/id';
import { attr, child, childText } from './dom';
import { NS } from './ns';
import { readError, StanzaError } from './stanzaerror';

type Connection = InstanceType<typeof Strophe.Connection>;

export type RegisterProblem = 'unreachable' | 'closed' | 'taken' | 'refused';

/** Why an account could not be made, and the server's words if it had any. */
export class RegisterError extends Error {
  constructor(
    readonly problem: RegisterProblem,
    message: string,
  ) {
    super(message);
    this.name = 'RegisterError';
  }
}

/**
 * Makes an account before logging in (XEP-0077 §3.1) on a stream of its own,
 * which is closed afterwards whatever the outcome.
 */
export async function register(url: string, domain: string, username: string, password: string): Promise<void> {
  const stream = new PreAuthStream(url, domain);
  try {
    await stream.open();
    const form = await stream.iq($iq({ type: 'get', to: domain }).c('query', { xmlns: NS.register }));
    checkForm(form);
    await stream.iq(
      $iq({ type: 'set', to: domain })
        .c('query', { xmlns: NS.register })
        .c('username', {}, username)
        .c('password', {}, password),
    );
  } catch (err) {
    throw translate(err);
  } finally {
    stream.close();
  }
}

// Fields beyond name and password cannot be filled in here.
function checkForm(iq: Element): void {
  const query = child(iq, 'query', NS.register);
  const need = [...(query?.children ?? [])].map((c) => c.localName);
  const extra = need.filter((n) => !['username', 'password', 'instructions', 'x', 'nick', 'name', 'email'].includes(n));
  if (!query || extra.length > 0 || !need.includes('username')) {
    const text = query ? (childText(query, 'instructions', NS.register) ?? '') : '';
    throw new RegisterError('closed', text || 'This server wants more than a name and a password.');
  }
}

function translate(err: unknown): RegisterError {
  if (err instanceof RegisterError) return err;
  if (!(err instanceof StanzaError)) return new RegisterError('unreachable', 'The server cannot be reached.');
  switch (err.condition) {
    case 'conflict':
      return new RegisterError('taken', 'This name is already taken. Choose another one.');
    case 'timeout':
      return new RegisterError('unreachable', 'The server does not answer.');
    case 'not-allowed':
    case 'forbidden':
    case 'service-unavailable':
    case 'feature-not-implemented':
      return new RegisterError('closed', err.text || 'This server does not let people create accounts.');
    case 'jid-malformed':
      return new RegisterError('refused', 'This name cannot be used. Choose another one.');
    case 'not-acceptable':
      return new RegisterError('refused', err.text || 'The server did not accept this name or password.');
    case 'resource-constraint':
    case 'policy-violation':
      return new RegisterError('refused', err.text || 'Too many accounts were made from here. Try again later.');
  }
  return new RegisterError('refused', err.message);
}

/** A stream that stops after its features, for what may be done before SASL. */
class PreAuthStream {
  private conn: Connection;
  private settle: ((el: Element | Error) => void) | null = null;
  private wantedId = '';

  constructor(
    url: string,
    private domain: string,
  ) {
    this.conn = new Strophe.Connection(url);
    this.conn.do_authentication = false;
    this.conn.xmlInput = (el) => this.input(el as Element);
  }

  /** Waits for features that offer registration (XEP-0077 §8). */
  async open(): Promise<void> {
    const features = await this.wait(() => {
      this.conn.connect(this.domain, '', (status) => {
        if (status === Strophe.Status.DISCONNECTED || status === Strophe.Status.CONNFAIL) {
          this.settle?.(new RegisterError('unreachable', 'The server cannot be reached.'));
        }
      });
    });
    if (features.localName === 'error') throw new RegisterError('unreachable', 'The server does not serve this name.');
    if (!child(features, 'register', NS.registerFeature)) {
      throw new RegisterError('closed', 'This server does not let people create accounts.');
    }
  }

  async iq(stanza: Builder): Promise<Element> {
    this.wantedId = newId();
    stanza.tree().setAttribute('id', this.wantedId);
    const answer = await this.wait(() => this.conn.send(stanza));
    if (answer.localName === 'error') throw new RegisterError('unreachable', 'The server ended the connection.');
    if (attr(answer, 'type') === 'error') throw readError(answer);
    return answer;
  }

  close(): void {
    this.settle = null;
    this.conn.disconnect();
  }

  private wait(start: () => void): Promise<Element> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle?.(new StanzaError('timeout', 'wait', '')), 15_000);
      this.settle = (outcome) => {
        this.settle = null;
        clearTimeout(timer);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      start();
    });
  }

  private input(el: Element): void {
    const streamLevel = el.namespaceURI === NS.stream && (el.localName === 'features' || el.localName === 'error');
    const answer = el.localName === 'iq' && attr(el, 'id') === this.wantedId;
    if (streamLevel || answer) this.settle?.(el);
  }
}

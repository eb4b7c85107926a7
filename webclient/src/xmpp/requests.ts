import { attr } from './dom';
import { readError, StanzaError } from './stanzaerror';

interface Waiting {
  to: string;
  resolve(el: Element): void;
  reject(err: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * The requests that wait for an answer (RFC 6120 §8.2.3). They belong to the
 * session, not to a connection: a resumed stream still brings their answers.
 */
export class Requests {
  private waiting = new Map<string, Waiting>();

  wait(id: string, to: string, timeout: number): Promise<Element> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id, new StanzaError('timeout', 'wait', '')), timeout);
      this.waiting.set(id, { to, resolve, reject, timer });
    });
  }

  /** Takes a result or error; whether it was one is told. */
  answer(el: Element, home: string[]): boolean {
    const type = attr(el, 'type');
    if (el.localName !== 'iq' || (type !== 'result' && type !== 'error')) return false;
    const asked = this.waiting.get(attr(el, 'id'));
    // RFC 6120 §8.1.2.1: only the one who was asked may answer.
    const from = attr(el, 'from');
    if (asked && (from === asked.to || (home.includes(asked.to) && home.includes(from)))) {
      this.settle(attr(el, 'id'), type === 'error' ? readError(el) : el);
    }
    return true;
  }

  fail(id: string): void {
    this.settle(id, new StanzaError('recipient-unavailable', 'wait', 'Not connected.'));
  }

  /** The session is over: nobody will answer. */
  failAll(): void {
    const err = new StanzaError('recipient-unavailable', 'wait', 'The connection was lost.');
    for (const id of [...this.waiting.keys()]) this.settle(id, err);
  }

  private settle(id: string, outcome: Element | Error): void {
    const asked = this.waiting.get(id);
    if (!asked) return;
    this.waiting.delete(id);
    clearTimeout(asked.timer);
    if (outcome instanceof Error) asked.reject(outcome);
    else asked.resolve(outcome);
  }
}

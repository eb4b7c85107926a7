import type { Client } from './client';
import { ping } from './ping';
import { StanzaError } from './stanzaerror';

/** Silence after which a ping goes out, and how long its answer may take. */
export const idle = 20_000;
export const patience = 5_000;

/**
 * Notices a dead link. A black-holed socket looks connected for minutes, so
 * silence is answered with a ping, and so is every hint that the network
 * changed: the browser's online event and the tab coming to the front.
 */
export class Watchdog {
  private timer: ReturnType<typeof setInterval> | undefined;
  private checking = false;

  constructor(private client: Client) {}

  start(): void {
    this.timer ??= setInterval(() => this.tick(), 5_000);
    window.addEventListener('online', this.hint);
    window.addEventListener('offline', this.hint);
    document.addEventListener('visibilitychange', this.hint);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    window.removeEventListener('online', this.hint);
    window.removeEventListener('offline', this.hint);
    document.removeEventListener('visibilitychange', this.hint);
  }

  /** Asks the server now; a link without an answer is replaced. */
  async check(): Promise<void> {
    if (this.checking || !this.client.online) return;
    this.checking = true;
    try {
      await ping(this.client, patience);
    } catch (err) {
      // Any other error is an answer too: the server lives.
      if (err instanceof StanzaError && err.condition === 'timeout') this.client.drop();
    } finally {
      this.checking = false;
    }
  }

  private tick(): void {
    if (Date.now() - this.client.heard >= idle) void this.check();
  }

  private hint = (): void => {
    if (document.visibilityState === 'hidden') return;
    this.client.nudge();
    void this.check();
  };
}

import type { Client } from './client';

/** Silence after which the server is asked for a sign of life: while the page is seen, and while not. */
const quiet = { visible: 3_500, hidden: 60_000 };
/** How long the answer may take. With the silence and the tick that is less than ten seconds. */
const patience = 5_000;
const tick = 1_000;

/**
 * Notices a dead link. A black-holed socket looks connected for minutes, so
 * silence is answered with a question, and so is every hint that the network
 * changed: the browser's online event and the tab coming to the front.
 */
export class Watchdog {
  private timer: ReturnType<typeof setInterval> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(private client: Client) {}

  start(): void {
    this.timer ??= setInterval(() => this.look(), tick);
    window.addEventListener('online', this.hint);
    window.addEventListener('offline', this.hint);
    document.addEventListener('visibilitychange', this.hint);
  }

  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.deadline);
    this.timer = this.deadline = undefined;
    window.removeEventListener('online', this.hint);
    window.removeEventListener('offline', this.hint);
    document.removeEventListener('visibilitychange', this.hint);
  }

  /** Asks the server now; a link that stays silent is replaced. */
  check(): void {
    if (this.deadline !== undefined || !this.client.online) return;
    const { client } = this;
    const heard = client.heard;
    client.probe();
    this.deadline = setTimeout(() => {
      this.deadline = undefined;
      if (client.online && client.heard === heard) client.drop();
    }, patience);
  }

  private look(): void {
    if (Date.now() - this.client.heard >= quiet[document.visibilityState]) this.check();
  }

  private hint = (): void => {
    if (document.visibilityState === 'hidden') return;
    this.client.nudge();
    this.check();
  };
}

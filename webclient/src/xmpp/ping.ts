import type { Client } from './client';
import { NS } from './ns';

/** Answers pings of the server and of contacts (XEP-0199 §4). */
export function answerPings(client: Client): void {
  client.onIq('get', 'ping', NS.ping, () => null);
}

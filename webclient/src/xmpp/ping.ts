import { $iq } from 'strophe.js';
import type { Client, Wire } from './client';
import * as Jid from './jid';
import { NS } from './ns';

/** XEP-0199 §4.2: asks the own server for a sign of life. */
export async function ping(wire: Wire, timeout: number): Promise<void> {
  await wire.iq($iq({ type: 'get', to: Jid.domain(wire.jid) }).c('ping', { xmlns: NS.ping }), timeout);
}

/** Answers pings of the server and of contacts. */
export function answerPings(client: Client): void {
  client.onIq('get', 'ping', NS.ping, () => null);
}

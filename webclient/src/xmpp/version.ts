import { $build } from 'strophe.js';
import type { Client } from './client';
import { NS } from './ns';

/** XEP-0092: name and version of the software; the system is nobody's business. */
export function answerVersion(client: Client, version: string): void {
  client.onIq('get', 'query', NS.version, () =>
    $build('query', { xmlns: NS.version }).c('name', {}, 'Parley').c('version', {}, version),
  );
}

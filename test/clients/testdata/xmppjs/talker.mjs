/*
 * An xmpp.js client driven line by line.
 *
 * Arguments: service, localpart, password. On standard input: "say JID TEXT",
 * "again" (leave and come back), "quit". On standard output:
 *
 *   authenticates MECHANISM ELEMENTS   what it asks for beside that
 *   online JID STEPS                   and how many elements it had to send
 *   resumed STEPS
 *   heard JID TEXT
 *   failed TEXT
 */
import { createInterface } from 'node:readline';
import { client, xml } from '@xmpp/client';

const [service, username, password] = process.argv.slice(2);
const tell = (...words) => console.log(words.join(' '));

const c = client({
  service, domain: 'localhost', username, password, resource: 'talker',
  userAgent: xml('user-agent', { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770' }, xml('software', {}, 'xmpp.js')),
});
c.timeout = 20_000;
c.reconnect.delay = 50;

let steps = 0; // elements sent since the stream was opened
c.on('open', () => (steps = 0));
c.on('send', (e) => {
  steps++;
  if (!e.is('authenticate')) return;
  const asked = e.getChildElements().map((x) => x.name);
  tell('authenticates', e.attrs.mechanism, ...asked.filter((name) => !['initial-response', 'user-agent'].includes(name)).sort());
});
c.on('error', (err) => tell('failed', err.message));
c.on('online', (jid) => {
  tell('online', jid, steps);
  c.send(xml('presence'));
});
c.streamManagement.on('resumed', () => tell('resumed', steps));
c.on('stanza', (s) => {
  const body = s.getChildText('body');
  if (body) tell('heard', s.attrs.from.split('/')[0], body);
});

await c.start();
for await (const line of createInterface({ input: process.stdin })) {
  const [what, to, ...words] = line.split(' ');
  if (what === 'say') {
    await c.send(xml('message', { type: 'chat', to }, xml('body', {}, words.join(' '))));
  } else if (what === 'again') {
    await c.stop();
    await c.start();
  } else {
    break;
  }
}
await c.stop();

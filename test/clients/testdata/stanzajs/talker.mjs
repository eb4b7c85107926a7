/*
 * A stanza.js client driven line by line.
 *
 * Arguments: URL of the WebSocket, JID, password. On standard input: "say JID
 * TEXT", "pages forward|backward SIZE" (of its archive), "quit". On standard
 * output:
 *
 *   managed RESUMABLE             XEP-0198 is on
 *   online JID
 *   resumed
 *   lost                          the stream could not be resumed
 *   acked TEXT                    the server has handled what it said
 *   heard JID TEXT
 *   copied sent|received JID TEXT whom another session wrote to or heard
 *   forward|backward COUNT TEXT…
 */
import { createInterface } from 'node:readline';
import { createClient, RSM } from 'stanza';

const [url, jid, password] = process.argv.slice(2);
const tell = (...words) => console.log(words.join(' '));
const bare = (address) => address.split('/')[0];

const c = createClient({
  jid, resource: jid.split('/')[1], password, transports: { websocket: url, bosh: false },
  autoReconnect: true, maxReconnectBackoff: 0.05,
});
c.on('sm', (e) => {
  if (e.type === 'enabled') tell('managed', e.resume);
  if (e.type === 'resumed') tell('resumed');
  if (e.type === 'failed') tell('lost');
});
c.on('session:started', async () => {
  c.sendPresence();
  await c.enableCarbons(); // handled after the presence
  tell('online', c.jid);
});
c.on('auth:failed', () => tell('refused'));
c.on('message:acked', (m) => tell('acked', m.body));
c.on('stanza', (s) => {
  if (s.body && !s.carbon && !s.archive) tell('heard', bare(s.from), s.body);
});
c.on('carbon:sent', ({ carbon }) => tell('copied sent', bare(carbon.forward.message.to), carbon.forward.message.body));
c.on('carbon:received', ({ carbon }) => tell('copied received', bare(carbon.forward.message.from), carbon.forward.message.body));

async function pages(direction, pageSize) {
  const pager = RSM.createPager({ direction, pageSize, query: (paging) => c.searchHistory({ paging }) });
  const found = [await pager.size()];
  for await (const one of pager) found.push(one.item.message.body);
  tell(direction, ...found);
}

c.connect();
for await (const line of createInterface({ input: process.stdin })) {
  const [what, first, ...words] = line.split(' ');
  if (what === 'say') c.sendMessage({ to: first, type: 'chat', body: words.join(' ') });
  else if (what === 'pages') await pages(first, Number(words[0]));
  else break;
}
await c.disconnect();

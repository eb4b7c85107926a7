import { allStored, assert, base, domain, hears, newName, newPassword, online, openChat, say, stopTime } from './harness.mjs';
import { fragile, pair } from './people.mjs';
import { Robot } from './robot.mjs';

const flaps = Number(process.env.PARLEY_FLAPS ?? 1_000);

const mark = (page, text) => page.locator('.bubble-row.mine', { hasText: text }).locator('.mark').getAttribute('class');

/** Waits until a message of the own side has this mark. */
function marked(page, text, state) {
  return page.locator('.bubble-row.mine', { hasText: text }).locator(`.mark.${state}`).waitFor();
}

/** The frames of the page's sockets, both ways. */
function watchFrames(page) {
  const frames = [];
  page.on('websocket', (ws) => {
    ws.on('framesent', (f) => frames.push(`> ${f.payload}`));
    ws.on('framereceived', (f) => frames.push(`< ${f.payload}`));
  });
  return frames;
}

/** The texts that a page has in its database, in their order; waits until there are so many. */
function kept(page, account, count) {
  return page.evaluate(async ({ account, count }) => {
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const db = await done(indexedDB.open(`parley ${account}`));
    const read = () => done(db.transaction('messages').objectStore('messages').getAll());
    let all = await read();
    while (all.length < count) all = await read();
    db.close();
    return all.sort((x, y) => x.at - y.at || (x.stanzaId < y.stanzaId ? -1 : 1)).map((m) => m.body);
  }, { account, count });
}

async function cutOff(page, proxy) {
  proxy.cut();
  await page.locator('.me .dot.offline').waitFor({ state: 'attached' });
}

export const tests = {
  'each send state is shown: waiting, stored, received, failed': async (browser, opened) => {
    const { proxy, a, b, nameB } = await fragile(browser, opened);
    proxy.cut();
    await say(a, 'on its way');
    await marked(a, 'on its way', 'waiting');
    await b.goto('about:blank');
    proxy.restore();
    await marked(a, 'on its way', 'sent');
    const device = await Robot.enter(nameB, newPassword);
    assert.deepEqual(await device.hears(1), ['on its way']);
    assert.match(await mark(a, 'on its way'), /sent/);
    device.leave();
    await b.goto(`${base}/`);
    await say(a, 'once more');
    await marked(a, 'once more', 'received');
    await a.goto(new URL(`#/chat/${newName('nobody')}@${domain}`, a.url()).href);
    await say(a, 'to nobody');
    await marked(a, 'to nobody', 'failed');
    await a.getByRole('button', { name: 'Retry' }).waitFor();
    proxy.close();
  },

  'a stream is resumed at once when the browser knows that the network is back, else within a second': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened, { clock: true });
    const frames = watchFrames(a);
    await say(a, 'before');
    await marked(a, 'before', 'received');
    // The page's time stands still: what happens then waits for nothing but the server.
    await stopTime(a);
    await cutOff(a, proxy);
    await say(b, 'meanwhile');
    const started = Date.now();
    proxy.restore();
    await a.evaluate(() => dispatchEvent(new Event('online')));
    await online(a);
    const ms = Date.now() - started;
    await hears(a, 'meanwhile');
    assert.ok(frames.some((f) => /^< <resumed /.test(f)), 'the stream goes on');
    assert.equal(await a.locator('.bubble', { hasText: 'meanwhile' }).count(), 1);
    await cutOff(a, proxy);
    proxy.restore();
    await a.clock.runFor(1_000);
    await online(a);
    proxy.close();
    return `resumed after ${ms} ms`;
  },

  'a reload goes on with the stream': async (browser, opened) => {
    const { a, b, nameB } = await pair(browser, opened);
    await say(a, 'before');
    await marked(a, 'before', 'received');
    const frames = watchFrames(a);
    await a.reload();
    await online(a);
    await hears(a, 'before');
    await a.locator('.list a', { hasText: nameB }).locator('.dot.available').waitFor();
    await say(b, 'after');
    await hears(a, 'after');
    assert.ok(frames.some((f) => /^< <resumed /.test(f)), 'the stream goes on');
    await say(a, 'and back');
    await marked(a, 'and back', 'received');
  },

  'a duplicated tab is a tab of its own, and both are in step': async (browser, opened) => {
    const { a, b } = await pair(browser, opened);
    await say(a, 'one');
    await marked(a, 'one', 'received');
    // What window.open does: the new tab gets a copy of the session's storage.
    const [copy] = await Promise.all([a.context().waitForEvent('page'), a.evaluate(() => void window.open(location.href))]);
    await copy.locator('.chat-head').waitFor();
    await online(copy);
    await hears(copy, 'one');
    await say(copy, 'two');
    await hears(a, 'two');
    await say(b, 'three');
    await hears(a, 'three');
    await hears(copy, 'three');
    await copy.reload();
    await online(copy);
    await online(a);
    await say(a, 'four');
    await hears(copy, 'four');
    await marked(copy, 'four', 'received');
    for (const page of [a, copy]) {
      assert.deepEqual(await page.locator('.bubble .body').allInnerTexts(), ['one', 'two', 'three', 'four']);
    }
  },

  'five messages written offline leave once and in order after the tab was closed': async (browser, opened) => {
    const { proxy, a, b, nameB } = await fragile(browser, opened);
    proxy.cut();
    await a.locator('.banner.shown').waitFor();
    for (const n of [1, 2, 3, 4, 5]) await say(a, `kept ${n}`);
    await a.getByText('5 waiting').waitFor();
    const context = a.context();
    await a.close();
    proxy.restore();
    const again = await context.newPage();
    await again.goto(`${proxy.url}/`);
    await hears(b, 'kept 5');
    await openChat(again, nameB);
    await marked(again, 'kept 5', 'received');
    const got = (await b.locator('.theirs .body').allInnerTexts()).filter((t) => t.startsWith('kept'));
    assert.deepEqual(got, [1, 2, 3, 4, 5].map((n) => `kept ${n}`));
    proxy.close();
  },

  [`${flaps} messages over a link that flaps arrive once and in order`]: async (browser, opened) => {
    const { proxy, a, b, nameA, nameB } = await fragile(browser, opened);
    const [devA, devB] = [await Robot.enter(nameA, newPassword), await Robot.enter(nameB, newPassword)];
    let back;
    const flap = setInterval(() => {
      proxy.cut();
      back = setTimeout(() => proxy.restore(), 150);
    }, 1_500);
    for (let i = 0; i < flaps; i++) {
      if (i % 3 === 2) devB.say(nameA, `from b ${i}`);
      else await say(a, `from a ${i}`);
    }
    clearInterval(flap);
    clearTimeout(back);
    proxy.restore();
    const numbers = Array.from({ length: flaps }, (_, i) => i);
    const fromA = numbers.filter((i) => i % 3 !== 2).map((i) => `from a ${i}`);
    const fromB = numbers.filter((i) => i % 3 === 2).map((i) => `from b ${i}`);
    const heard = await devB.hears(fromA.length);
    assert.deepEqual(heard, fromA, 'another device gets each once');
    await hears(a, fromB.at(-1));
    await allStored(a);
    await hears(b, fromA.at(-1));
    const atA = await kept(a, `${nameA}@${domain}`, flaps);
    const atB = await kept(b, `${nameB}@${domain}`, flaps);
    assert.deepEqual(atA.filter((t) => t.startsWith('from b')), fromB);
    assert.deepEqual(atB.filter((t) => t.startsWith('from a')), fromA);
    assert.deepEqual([atA.length, atB.length], [flaps, flaps], 'none twice');
    for (const robot of [devA, devB]) robot.leave();
    proxy.close();
  },

  'a black hole is noticed within ten seconds, without sending': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened, { clock: true });
    await say(a, 'before');
    await marked(a, 'before', 'received');
    await stopTime(a);
    proxy.swallow();
    await say(b, 'not heard at first');
    await b.locator('.mark.sent').waitFor();
    await a.clock.runFor(10_000);
    await a.locator('.me .dot.offline').waitFor({ state: 'attached' });
    await a.clock.resume();
    await hears(a, 'not heard at first');
    assert.equal(await a.locator('.bubble', { hasText: 'not heard' }).count(), 1);
    proxy.close();
  },

  'what another device sends appears on the own side': async (browser, opened) => {
    const { a, b, nameA, nameB } = await pair(browser, opened);
    const phone = await Robot.enter(nameA, newPassword);
    phone.say(nameB, 'from the phone');
    await hears(b, 'from the phone');
    await marked(a, 'from the phone', 'sent');
    assert.equal(await a.locator('.bubble-row.theirs').count(), 0);
    await say(a, 'from the page');
    await hears(b, 'from the page');
    assert.deepEqual(await phone.hears(1), ['from the page']);
    phone.leave();
  },
};

import { allStored, assert, hears, online, say, stopTime } from './harness.mjs';
import { fragile } from './people.mjs';

export const tests = {
  'a cut connection is repaired, and what was written meanwhile arrives once': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened);
    await say(a, 'before');
    await hears(b, 'before');
    await a.locator('.mark.received').waitFor();
    proxy.cut();
    await a.locator('.banner.shown').waitFor();
    for (const n of [1, 2, 3]) await say(a, `while away ${n}`);
    await a.getByText('3 waiting').waitFor();
    await say(b, 'sent to the absent');
    proxy.restore();
    await online(a);
    await a.locator('.banner.shown').waitFor({ state: 'detached' });
    await hears(b, 'while away 3');
    await hears(a, 'sent to the absent');
    const got = (await b.locator('.theirs .body').allInnerTexts()).filter((t) => t.startsWith('while'));
    assert.deepEqual(got, ['while away 1', 'while away 2', 'while away 3']);
    await allStored(a);
    proxy.close();
  },

  'what waits survives a reload and leaves once': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened);
    proxy.cut();
    await a.locator('.banner.shown').waitFor();
    for (const n of [1, 2, 3, 4, 5]) await say(a, `kept ${n}`);
    await a.getByText('5 waiting').waitFor();
    proxy.restore();
    await a.reload();
    await hears(b, 'kept 5');
    const got = (await b.locator('.theirs .body').allInnerTexts()).filter((t) => t.startsWith('kept'));
    assert.deepEqual(got, ['kept 1', 'kept 2', 'kept 3', 'kept 4', 'kept 5']);
    await allStored(a);
    proxy.close();
  },

  'a link that swallows everything is noticed by sending': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened, { clock: true });
    await stopTime(a);
    proxy.swallow();
    await say(a, 'into the void');
    await a.locator('.mark.waiting').waitFor();
    await a.clock.runFor(10_000);
    await a.locator('.me .dot.offline').waitFor({ state: 'attached' });
    await a.clock.resume();
    await hears(b, 'into the void');
    await a.locator('.mark.received').waitFor();
    assert.equal(await b.locator('.bubble', { hasText: 'into the void' }).count(), 1);
    proxy.close();
  },
};

import { CutProxy } from './proxy.mjs';
import { assert, base, hears, online, say } from './harness.mjs';
import { pair } from './chat.mjs';

/** A pair whose first person sits behind a proxy that can be cut. */
async function fragile(browser, opened) {
  const proxy = await CutProxy.start(new URL(base));
  return { proxy, ...(await pair(browser, opened, proxy.url)) };
}

export const tests = {
  'a cut connection is repaired, and what was written meanwhile arrives once': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened);
    await say(a, 'before');
    await hears(b, 'before');
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
    assert.equal(await a.locator('.mark.waiting').count(), 0);
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
    await a.locator('.mark.waiting').first().waitFor({ state: 'detached' });
    proxy.close();
  },

  'a link that swallows everything is noticed by sending': async (browser, opened) => {
    const { proxy, a, b } = await fragile(browser, opened);
    proxy.swallow();
    await say(a, 'into the void');
    await hears(b, 'into the void');
    await a.locator('.mark.received').waitFor();
    assert.equal(await b.locator('.bubble', { hasText: 'into the void' }).count(), 1);
    proxy.close();
  },
};

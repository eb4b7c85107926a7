import { assert, base, domain, hears, logIn, newName, newPassword, openChat, say, visitor } from './harness.mjs';
import { person } from './people.mjs';
import { Robot } from './robot.mjs';

const many = Number(process.env.PARLEY_HISTORY ?? 10_000);

/**
 * Scrolls by so much, again and again until a message is there or so often; tells
 * how far what the reader saw has moved at most once everything had settled, and
 * how many rows the document had.
 */
function scroll(page, by, { until = '', times = Infinity }) {
  return page.locator('.timeline').evaluate(async (box, { by, until, times }) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const seen = () => [...box.querySelectorAll('.body')].some((b) => b.textContent === until);
    const settled = async () => {
      let still = 0;
      for (let last = ''; still < 4; ) {
        await frame();
        const now = `${box.firstElementChild.dataset.key} ${box.childElementCount} ${box.scrollTop}`;
        still = now === last ? still + 1 : 0;
        last = now;
      }
    };
    const result = { furthest: 0, most: 0, lost: 0 };
    for (let i = 0; i < times && !(until && seen()); i++) {
      const top = box.getBoundingClientRect().top;
      box.scrollTop += by;
      const row = [...box.querySelectorAll('[data-key]')].find((r) => r.getBoundingClientRect().bottom > top + 1);
      const before = row.getBoundingClientRect().top;
      await settled();
      result.furthest = Math.max(result.furthest, Math.abs(row.getBoundingClientRect().top - before));
      result.most = Math.max(result.most, box.childElementCount);
      result.lost += row.isConnected ? 0 : 1;
    }
    return result;
  }, { by, until, times: Math.min(times, 100_000) });
}

export const tests = {
  [`a history of ${many} messages is scrolled from end to start and back`]: async (browser, opened) => {
    const reader = await person(browser, opened, 'reader');
    const writer = await person(browser, opened, 'writer');
    await reader.page.goto('about:blank');
    // Another device of the reader's has taken them all.
    const [device, robot] = [await Robot.enter(reader.name, newPassword), await Robot.enter(writer.name, newPassword)];
    for (let i = 0; i < many; i++) {
      robot.say(reader.name, `message ${i}`);
      if (i % 500 === 499) await robot.stored();
    }
    await robot.stored();
    await device.hears(many);
    await device.stored();
    device.leave();
    robot.leave();

    const late = await visitor(browser);
    opened.push(late);
    await logIn(late.page, reader.name, newPassword);
    const p = late.page;
    await openChat(p, writer.name);
    await hears(p, `message ${many - 1}`);
    const first = p.locator('.bubble', { hasText: /message 0$/ });
    const back = await scroll(p, -1_500, { until: 'message 0' });
    assert.equal(await p.locator('.divider').first().innerText(), 'Today');
    const on = await scroll(p, 1_500, { times: 20 });
    for (const { furthest, most, lost } of [back, on]) {
      assert.equal(lost, 0, 'what the reader sees stays');
      assert.ok(most <= 200, `${most} rows in the document`);
      assert.ok(furthest <= 1, `the anchor moved by ${furthest} px`);
    }
    await p.getByRole('button', { name: 'Latest' }).click();
    await hears(p, `message ${many - 1}`);
    await p.getByRole('button', { name: 'Latest' }).waitFor({ state: 'detached' });
    assert.equal(await first.count(), 0);
  },

  'a new browser finds what was said, and a known one what it missed': async (browser, opened) => {
    const ana = await person(browser, opened, 'ana');
    const ben = await person(browser, opened, 'ben');
    await ana.page.goto(new URL(`#/chat/${ben.name}@${domain}`, ana.page.url()).href);
    await say(ana.page, 'first');
    await ana.page.locator('.mark.sent, .mark.received').first().waitFor();
    await ben.page.locator('.list a', { hasText: ana.name }).click();
    await hears(ben.page, 'first');
    await say(ben.page, 'second');
    await hears(ana.page, 'second');

    const elsewhere = await visitor(browser);
    opened.push(elsewhere);
    await logIn(elsewhere.page, ana.name, newPassword);
    await openChat(elsewhere.page, ben.name);
    await hears(elsewhere.page, 'second');
    assert.deepEqual(await elsewhere.page.locator('.bubble .body').allInnerTexts(), ['first', 'second']);
    await elsewhere.page.locator('.bubble-row.mine', { hasText: 'first' }).locator('.mark').waitFor();

    await elsewhere.page.goto('about:blank');
    await say(ben.page, 'third');
    await hears(ana.page, 'third');
    await say(ana.page, 'fourth');
    await hears(ben.page, 'fourth');
    await elsewhere.page.goto(`${base}/`);
    await openChat(elsewhere.page, ben.name);
    await hears(elsewhere.page, 'fourth');
    assert.deepEqual(await elsewhere.page.locator('.bubble .body').allInnerTexts(), ['first', 'second', 'third', 'fourth']);
  },

  'what was read elsewhere by answering is not unread here': async (browser, opened) => {
    const ana = await person(browser, opened, 'ana');
    const ben = await person(browser, opened, 'ben');
    const phone = await Robot.enter(ana.name, newPassword);
    await ben.page.goto(new URL(`#/chat/${ana.name}@${domain}`, ben.page.url()).href);
    await say(ben.page, 'a question');
    await ana.page.locator('.badge', { hasText: '1' }).waitFor();
    phone.say(ben.name, 'the answer');
    await ana.page.locator('.preview', { hasText: 'You: the answer' }).waitFor();
    await ana.page.locator('.badge').waitFor({ state: 'detached' });
    await openChat(ana.page, ben.name);
    await ana.page.locator('.bubble-row.mine', { hasText: 'the answer' }).locator('.mark').waitFor();
    phone.leave();
  },
};

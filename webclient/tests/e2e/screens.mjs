import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assert, base, domain, hears, newName, newPassword, openChat, say, signUp, visitor } from './harness.mjs';
import { pair } from './people.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings of axe on the page as it is. */
async function findings(page) {
  const { violations } = await page.evaluate(`(() => { ${axe}; return window.axe.run(document, { resultTypes: ['violations'] }); })()`);
  return violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 120)} ${n.failureSummary?.slice(0, 160)}`).join(' | ')}`);
}

async function clean(page, where) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await findings(page), [], `${where}, ${colorScheme}`);
  }
}

export const tests = {
  'on a phone the list and the chat are a stack with real history': async (browser, opened) => {
    const v = await visitor(browser, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    opened.push(v);
    const p = v.page;
    const name = newName('phone');
    await signUp(p, name, newPassword);
    await p.getByRole('button', { name: 'Find a person' }).click();
    await p.getByLabel('Name or address').fill(newName('friend'));
    await p.getByRole('button', { name: 'Just write' }).click();
    await p.locator('.chat-head').waitFor();
    assert.ok(!(await p.locator('.sidebar').isVisible()), 'the list is hidden');
    const composer = await p.locator('.composer').boundingBox();
    assert.ok(composer.y + composer.height <= 844 && composer.x >= 0 && composer.width <= 390, 'composer in view');
    for (const button of await p.locator('.chat button:visible').all()) {
      const box = await button.boundingBox();
      assert.ok(box.height >= 44 && box.width >= 44, `target of 44 px: ${await button.innerText()} ${JSON.stringify(box)}`);
    }
    await p.goBack();
    await p.locator('.sidebar').waitFor();
    assert.ok(!(await p.locator('.chat').isVisible()), 'the chat is gone');
    const width = await p.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `no sideways scrolling: ${width}`);
  },

  'on a tablet the details are a drawer': async (browser, opened) => {
    const v = await visitor(browser, { viewport: { width: 768, height: 1024 } });
    opened.push(v);
    await signUp(v.page, newName('tablet'), newPassword);
    await v.page.goto(new URL(`#/chat/someone@${domain}`, v.page.url()).href);
    const before = await v.page.locator('.timeline').boundingBox();
    await v.page.getByRole('button', { name: 'Details' }).click();
    await v.page.locator('.details').waitFor();
    assert.deepEqual(await v.page.locator('.timeline').boundingBox(), before, 'the timeline keeps its width');
    await v.page.keyboard.press('Escape');
    await v.page.locator('.details').waitFor({ state: 'detached' });
  },

  'everything is reached with the keyboard alone': async (browser, opened) => {
    const { a, b, nameB } = await pair(browser, opened);
    const k = a.keyboard;
    await k.press('Escape');
    await a.getByText('Pick a conversation').waitFor();
    await k.press('Control+k');
    await k.type(nameB.slice(0, 5));
    await k.press('ArrowDown');
    assert.equal(await a.evaluate(() => document.activeElement?.className), 'line');
    await k.press('Enter');
    await a.locator('.chat-head').waitFor();
    await a.waitForFunction(() => document.activeElement?.id === 'composer');
    await k.type('no mouse');
    await k.press('Enter');
    await hears(b, 'no mouse');
    await k.press('Escape');
    await a.locator('.chat').waitFor({ state: 'detached' });
    await k.press('Alt+ArrowDown');
    await a.locator('.chat-head h1', { hasText: nameB }).waitFor();
  },

  'a dialog keeps the focus and gives it back': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    await signUp(v.page, newName('focus'), newPassword);
    const button = v.page.getByRole('button', { name: 'Settings' });
    await button.focus();
    await v.page.keyboard.press('Enter');
    await v.page.getByRole('dialog').waitFor();
    for (let i = 0; i < 12; i++) {
      await v.page.keyboard.press('Tab');
      const outside = await v.page.evaluate(() => {
        const el = document.activeElement;
        return el !== document.body && !el?.closest('dialog');
      });
      assert.ok(!outside, 'focus left the dialog');
    }
    await v.page.keyboard.press('Escape');
    await v.page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await v.page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Settings');
  },

  'the theme follows the switch': async (browser, opened) => {
    const v = await visitor(browser, { colorScheme: 'light' });
    opened.push(v);
    await signUp(v.page, newName('theme'), newPassword);
    const ground = () => v.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await v.page.getByRole('button', { name: 'Settings' }).click();
    await v.page.getByText('Dark', { exact: true }).click();
    const dark = await ground();
    assert.notEqual(dark, light);
    await v.page.reload();
    await v.page.locator('.me').waitFor();
    assert.equal(await ground(), dark);
  },

  'axe finds nothing serious on any screen': async (browser, opened) => {
    // The checker is injected as text, which the page's policy rightly forbids.
    const outsider = await visitor(browser, { bypassCSP: true });
    opened.push(outsider);
    await outsider.page.goto(`${base}/`);
    await outsider.page.getByRole('button', { name: 'Log in' }).click();
    await outsider.page.locator('.problem:not(.empty)').waitFor();
    await clean(outsider.page, 'door');
    await outsider.page.goto(`${base}/classic/`);
    await clean(outsider.page, 'classic');
    const name = newName('axe');
    await signUp(outsider.page, name, newPassword);
    const p = outsider.page;
    await clean(p, 'home');
    await p.getByRole('button', { name: 'Settings' }).click();
    await clean(p, 'settings');
    await p.keyboard.press('Escape');
    await p.getByRole('button', { name: 'Add a contact' }).click();
    await clean(p, 'add');
    await p.getByLabel('Name or address').fill(newName('nobody'));
    await p.getByRole('button', { name: 'Just write' }).click();
    await say(p, 'a [link](https://example.org) and `code`\n> quote');
    await p.locator('.bounce').waitFor();
    await clean(p, 'chat');
    await p.getByRole('button', { name: 'Details' }).click();
    await p.locator('.details').waitFor();
    await clean(p, 'details');
  },

  ...(process.env.PARLEY_CLASSIC === 'no'
    ? {}
    : {
        'the classic page chats with the main page': async (browser, opened) => {
          const { a, b, nameA, nameB } = await pair(browser, opened);
          await openChat(a, nameB);
          await b.goto(`${base}/classic/`);
          await b.getByLabel('Address').fill(`${nameB}@${domain}`);
          await b.getByLabel('Password').fill(newPassword);
          await b.getByRole('button', { name: 'Connect' }).click();
          const output = b.locator('#output');
          await output.getByText(`Connected as ${nameB}@${domain}/`).waitFor();
          await output.getByText(`${nameA}@${domain}`).first().waitFor();
          await b.getByLabel('Status').fill('from the past');
          await b.locator('#show').selectOption('xa');
          await a.locator('.chat-who p', { hasText: 'Away for long · from the past' }).waitFor();
          await b.getByLabel('To').fill(`${nameA}@${domain}`);
          await b.getByLabel('Message').fill('greetings');
          await b.getByRole('button', { name: 'Send' }).click();
          await hears(a, 'greetings');
          await say(a, 'welcome to the present');
          await output.getByText('welcome to the present').waitFor();
          await b.getByRole('button', { name: 'Disconnect' }).click();
          await output.getByText('Disconnected.').waitFor();
          await a.locator('.chat-who p', { hasText: 'Offline' }).waitFor();
        },
      }),
};

import { assert, base, befriend, domain, hears, newName, newPassword, openChat, say, signUp, visitor } from './harness.mjs';
import { pair, person } from './people.mjs';

/** Types until the other one notices: who rests for five seconds is not typing any more. */
async function seenTyping(writer, reader) {
  const sign = reader.locator('.chat-who .typing');
  while (!(await sign.isVisible())) await writer.locator('#composer').pressSequentially('I');
}

export const tests = {
  'a contact is added, accepted, seen, renamed and removed': async (browser, opened) => {
    const [{ page: a, name: nameA }, { page: b, name: nameB }] = await Promise.all([person(browser, opened, 'ana'), person(browser, opened, 'ben')]);
    await befriend(a, b, nameA, nameB);
    await a.locator('.list a', { hasText: nameB }).locator('.dot.available').waitFor();
    await b.locator('.list a', { hasText: nameA }).locator('.dot.available').waitFor();
    await b.locator('.me-button').click();
    await b.getByLabel('Do not disturb').check();
    await b.getByLabel('Status').fill('Writing');
    await b.getByRole('button', { name: 'Save' }).click();
    await a.locator('.chat-who p', { hasText: 'Do not disturb · Writing' }).waitFor();
    await a.getByRole('button', { name: 'Details' }).click();
    await a.getByLabel('Name on your list').fill('Benjamin');
    await a.getByRole('button', { name: 'Save' }).click();
    await a.locator('.list a', { hasText: 'Benjamin' }).waitFor();
    await a.getByText('You see each other’s presence').waitFor();
    await a.getByRole('button', { name: 'Remove contact' }).click();
    await a.getByRole('button', { name: 'Remove', exact: true }).click();
    await a.getByText('is not in your contacts').waitFor();
  },

  'a declined request leaves no contact': async (browser, opened) => {
    const [a, b] = await Promise.all([person(browser, opened, 'ana'), person(browser, opened, 'ben')]);
    await a.page.getByRole('button', { name: 'Find a person' }).click();
    await a.page.getByLabel('Name or address').fill(b.name);
    await a.page.getByLabel('A line to introduce').fill('It is me');
    await a.page.getByRole('button', { name: 'Add contact' }).click();
    await b.page.getByText('It is me').waitFor();
    await b.page.getByRole('button', { name: 'Decline' }).click();
    await b.page.locator('.request').waitFor({ state: 'detached' });
    await a.page.getByRole('button', { name: 'Details' }).click();
    await a.page.getByText('You do not see each other’s presence').waitFor();
  },

  'messages, typing and receipts go both ways': async (browser, opened) => {
    const { a, b } = await pair(browser, opened);
    await a.locator('#composer').fill('first *words*');
    await a.getByRole('button', { name: 'Send' }).click();
    await hears(b, 'first words');
    await a.locator('.mark.received').first().waitFor();
    await say(b, 'an answer');
    await hears(a, 'an answer');
    await b.locator('.mark.received').first().waitFor();
    await seenTyping(b, a);
    await b.locator('#composer').fill('');
    await a.locator('.chat-who .typing').waitFor({ state: 'detached' });
    await say(a, '<b>&amp; "quotes" \u000b</b> https://example.org/?a=1&b=2');
    await hears(b, '<b>&amp; "quotes" </b>');
    assert.equal(await b.locator('.bubble a').getAttribute('href'), 'https://example.org/?a=1&b=2');
    assert.equal(await b.locator('.bubble b').count(), 0);
  },

  'lines, long text and order survive': async (browser, opened) => {
    const { a, b } = await pair(browser, opened);
    await a.locator('#composer').pressSequentially('one');
    await a.keyboard.press('Shift+Enter');
    await a.locator('#composer').pressSequentially('two');
    await a.keyboard.press('Enter');
    await hears(b, 'two');
    assert.match(await b.locator('.bubble .body').first().innerText(), /^one\ntwo$/);
    for (let i = 0; i < 30; i++) await say(a, `message ${String(i).padStart(2, '0')} ${'x'.repeat(i * 20)}`);
    await hears(b, 'message 29');
    const got = await b.locator('.theirs .body').allInnerTexts();
    const order = got.map((t) => /^message (\d\d)/.exec(t)?.[1]).filter(Boolean);
    assert.deepEqual(order, Array.from({ length: 30 }, (_, i) => String(i).padStart(2, '0')));
  },

  'unread messages are counted, divided off and cleared': async (browser, opened) => {
    const { a, b, nameB } = await pair(browser, opened);
    await say(b, 'seen');
    await hears(a, 'seen');
    await a.goto(new URL('#/', a.url()).href);
    await a.locator('.chat').waitFor({ state: 'detached' });
    await say(b, 'unseen one');
    await say(b, 'unseen two');
    await a.locator('.badge', { hasText: '2' }).waitFor();
    await a.waitForFunction(() => document.title.startsWith('(2)'));
    await a.reload();
    await a.locator('.badge', { hasText: '2' }).waitFor();
    await openChat(a, nameB);
    const rows = await a.locator('.timeline > *').allInnerTexts();
    const line = rows.findIndex((t) => /^new$/i.test(t.trim()));
    assert.ok(line > 0 && rows[line - 1].includes('seen') && rows[line + 1].includes('unseen one'), rows.join('|'));
    await a.locator('.badge').waitFor({ state: 'detached' });
    await a.waitForFunction(() => document.title === 'Parley');
  },

  'the conversation is still there after a reload': async (browser, opened) => {
    const { a, b } = await pair(browser, opened);
    await say(a, 'remember this');
    await a.locator('.mark.received').waitFor();
    await say(b, 'and this');
    await hears(a, 'and this');
    await a.reload();
    await hears(a, 'remember this');
    await hears(a, 'and this');
    assert.equal(await a.locator('.bubble').count(), 2);
    await a.locator('.mark.received').waitFor();
  },

  'messages to someone offline arrive later, with their time': async (browser, opened) => {
    const { a, b, nameA, nameB } = await pair(browser, opened);
    await b.goto('about:blank');
    await a.locator('.list a', { hasText: nameB }).locator('.dot.offline').waitFor({ state: 'attached' });
    await say(a, 'for later');
    await a.locator('.mark.sent').waitFor();
    await b.goto(`${base}/`);
    await openChat(b, nameA);
    await hears(b, 'for later');
    await a.locator('.mark.received').waitFor();
  },

  'a message that bounces says why and can be tried again': async (browser, opened) => {
    const v = await person(browser, opened, 'bounce');
    const ghost = newName('later');
    await v.page.goto(new URL(`#/chat/${ghost}@${domain}`, v.page.url()).href);
    await say(v.page, 'anybody?');
    await v.page.locator('.bounce').waitFor();
    assert.match(await v.page.locator('.bounce').innerText(), /does not exist|no such|not found|unavailable/i);
    const late = await visitor(browser);
    opened.push(late);
    await signUp(late.page, ghost, newPassword);
    await v.page.getByRole('button', { name: 'Retry' }).click();
    await v.page.locator('.mark.sent, .mark.received').waitFor();
    await late.page.locator('.list a').first().click();
    await hears(late.page, 'anybody?');
    await late.page.getByText('is not in your contacts').waitFor();
  },

  'desktop notifications are asked for by a button and shown for what is not seen': async (browser, opened) => {
    const { a, b, nameA, nameB } = await pair(browser, opened);
    await b.context().grantPermissions(['notifications'], { origin: new URL(base).origin });
    await b.evaluate(() => {
      window.shown = [];
      window.Notification = class {
        static permission = 'default';
        static requestPermission() {
          this.permission = 'granted';
          return Promise.resolve('granted');
        }
        constructor(title, options) {
          window.shown.push(`${title}: ${options.body}`);
        }
      };
    });
    await say(a, 'before the button');
    await hears(b, 'before the button');
    await b.keyboard.press('Escape');
    await b.locator('.main .home').getByRole('button', { name: 'Turn on notifications' }).click();
    await say(a, 'you have a message');
    await b.waitForFunction(() => window.shown.length > 0);
    assert.deepEqual(await b.evaluate(() => window.shown), [`${nameA}: you have a message`]);
    await openChat(b, nameA);
    await say(a, 'seen at once');
    await hears(b, 'seen at once');
    await a.locator('.mark.received').nth(2).waitFor();
    assert.equal(await b.evaluate(() => window.shown.length), 1, `only for what ${nameB} does not see`);
  },

  'two tabs of one account agree': async (browser, opened) => {
    const { a, b } = await pair(browser, opened);
    const second = await a.context().newPage();
    await second.goto(a.url());
    await second.locator('.chat-head').waitFor();
    await say(a, 'written in the first tab');
    await hears(second, 'written in the first tab');
    await say(b, 'read in both');
    await hears(a, 'read in both');
    await hears(second, 'read in both');
    await second.reload();
    await hears(second, 'read in both');
    assert.equal(await second.locator('.bubble').count(), 2);
  },
};

import { CutProxy } from './proxy.mjs';
import { assert, base, domain, hears, inside, logIn, newName, newPassword, online, openChat, people, say, signUp, visitor } from './harness.mjs';

async function problem(page) {
  await page.locator('.problem:not(.empty)').waitFor();
  return page.locator('.problem').innerText();
}

async function tryLogin(page, name, password, at = base) {
  await page.goto(`${at}/`);
  await page.getByLabel('Name').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function kept(page) {
  return page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
}

export const tests = {
  'an account is made in two fields and is inside at once': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    const name = newName('reg');
    await signUp(v.page, name, newPassword);
    assert.equal(await v.page.locator('.me-name').innerText(), name);
    await v.page.locator('.main .home', { hasText: 'There is nobody on your list yet' }).waitFor();
  },

  'a name that is taken is said to be taken': async (browser, opened) => {
    const [a, b] = [await visitor(browser), await visitor(browser)];
    opened.push(a, b);
    const name = newName('dup');
    await signUp(a.page, name, newPassword);
    await b.page.goto(`${base}/#/register`);
    await b.page.getByLabel('Choose a name').fill(name);
    await b.page.locator('input[name=password]').fill(newPassword);
    await b.page.getByRole('button', { name: 'Create account' }).click();
    assert.match(await problem(b.page), /already taken/);
  },

  'wrong password, unknown user and unknown host have clear words': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    const name = newName('err');
    await signUp(v.page, name, newPassword);
    const other = await visitor(browser);
    opened.push(other);
    await tryLogin(other.page, name, 'not this one');
    assert.match(await problem(other.page), /Wrong name or password/);
    await tryLogin(other.page, newName('ghost'), 'whatever');
    assert.match(await problem(other.page), /Wrong name or password/);
    await tryLogin(other.page, `${name}@nowhere.example`, newPassword);
    assert.match(await problem(other.page), /does not serve “nowhere\.example”/);
    await other.page.getByLabel('Name').fill('a b');
    await other.page.getByRole('button', { name: 'Log in' }).click();
    assert.match(await problem(other.page), /characters that an address cannot have/);
  },

  'an unreachable server is said to be unreachable': async (browser, opened) => {
    const proxy = await CutProxy.start(new URL(base));
    const v = await visitor(browser);
    opened.push(v);
    await v.page.goto(`${proxy.url}/`);
    await v.page.getByLabel('Name').fill('anyone');
    await v.page.locator('input[name=password]').fill('anything');
    proxy.cut();
    await v.page.getByRole('button', { name: 'Log in' }).click();
    assert.match(await problem(v.page), /cannot be reached/);
    proxy.close();
  },

  'a full address works as well as the name': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    const name = newName('full');
    await signUp(v.page, name, newPassword);
    const again = await visitor(browser);
    opened.push(again);
    await logIn(again.page, `${name}@${domain}`, newPassword);
  },

  'a reload stays signed in, and the password is nowhere': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    await signUp(v.page, newName('stay'), newPassword);
    const before = await kept(v.page);
    assert.ok(!before.includes(newPassword) && before.includes('SHA-'), 'keys only');
    await v.page.reload();
    await inside(v.page);
    // Another tab of the same browser is signed in too, with a resource of its own.
    const second = await v.context.newPage();
    await second.goto(`${base}/`);
    await inside(second);
    await online(v.page);
    // Logging out in one tab is logging out in all.
    await second.getByRole('button', { name: 'Settings' }).click();
    await second.getByRole('button', { name: 'Log out' }).click();
    await second.getByRole('button', { name: 'Log out' }).click();
    await v.page.getByRole('button', { name: 'Log in' }).waitFor();
  },

  'without staying signed in only the tab remembers': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    await v.page.goto(`${base}/#/register`);
    await v.page.getByLabel('Choose a name').fill(newName('tab'));
    await v.page.locator('input[name=password]').fill(newPassword);
    await v.page.getByText('Stay signed in').click();
    await v.page.getByRole('button', { name: 'Create account' }).click();
    await inside(v.page);
    await v.page.reload();
    await inside(v.page);
    const second = await v.context.newPage();
    await second.goto(`${base}/`);
    await second.getByRole('button', { name: 'Log in' }).waitFor();
  },

  'logging out forgets the keys, and the history if asked to': async (browser, opened) => {
    const v = await visitor(browser);
    opened.push(v);
    const name = newName('out');
    await signUp(v.page, name, newPassword);
    await v.page.goto(new URL(`#/chat/${name}@${domain}`, v.page.url()).href);
    await say(v.page, 'a note to myself');
    await v.page.getByRole('button', { name: 'Settings' }).click();
    await v.page.getByRole('button', { name: 'Log out' }).click();
    await v.page.getByText('Also erase my conversations').click();
    await v.page.getByRole('button', { name: 'Log out' }).click();
    await v.page.getByRole('button', { name: 'Log in' }).waitFor();
    assert.ok(!(await kept(v.page)).includes('SHA-'));
    await v.page.waitForFunction(async () => (await indexedDB.databases()).length === 0);
  },

  ...(people.alice && people.bob
    ? {
        'the demo users are each other’s contacts': async (browser, opened) => {
          const [a, b] = [await visitor(browser), await visitor(browser)];
          opened.push(a, b);
          await logIn(a.page, 'alice', people.alice);
          await logIn(b.page, 'bob', people.bob);
          await openChat(a.page, 'bob');
          await openChat(b.page, 'alice');
          const text = `hello ${Date.now()}`;
          await say(a.page, text);
          await hears(b.page, text);
        },
      }
    : {}),
};

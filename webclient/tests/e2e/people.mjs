/* The people that tests begin with. */
import { base, logIn, newName, newPassword, openChat, signUp, visitor } from './harness.mjs';
import { CutProxy } from './proxy.mjs';
import { Robot } from './robot.mjs';

/** A person with an account, at a page. */
export async function person(browser, opened, stem, options = {}) {
  const v = await visitor(browser, options);
  opened.push(v);
  const name = newName(stem);
  await signUp(v.page, name, newPassword);
  return { ...v, name };
}

/** Two people who are each other's contacts, each with the other's chat before them. */
export async function pair(browser, opened, { at = base, clock = false } = {}) {
  const [nameA, nameB] = [newName('ana'), newName('ben')];
  await Robot.acquaint(nameA, nameB, newPassword);
  const [a, b] = await Promise.all([visitor(browser, { clock }), visitor(browser)]);
  opened.push(a, b);
  await Promise.all([logIn(a.page, nameA, newPassword, at), logIn(b.page, nameB, newPassword)]);
  await Promise.all([openChat(a.page, nameB), openChat(b.page, nameA)]);
  return { a: a.page, b: b.page, nameA, nameB };
}

/** A pair whose first person sits behind a proxy that can be cut. */
export async function fragile(browser, opened, options = {}) {
  const proxy = await CutProxy.start(new URL(base));
  return { proxy, ...(await pair(browser, opened, { at: proxy.url, ...options })) };
}

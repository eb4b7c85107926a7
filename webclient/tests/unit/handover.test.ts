import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReloadSign, leave, takeOver } from '../../src/store/handover';
import type { Handover } from '../../src/store/handover';

const jid = 'ana@home.org';
const left: Handover = {
  jid,
  stream: { id: 'sm1', jid: `${jid}/x`, handled: 3, acked: 2, unacked: ['<message xmlns="jabber:client"/>'] },
  contacts: { own: { show: 'away', status: 'out' }, requests: [], present: [] },
};

beforeEach(() => sessionStorage.clear());

describe('what a page leaves', () => {
  it('is taken over once', () => {
    leave(left);
    expect([takeOver(jid), takeOver(jid)]).toEqual([left, null]);
  });

  it('is nothing where nothing was left', () => {
    expect(takeOver(jid)).toBeNull();
  });

  it('is not for another account, nor for anybody after it', () => {
    leave(left);
    expect([takeOver('eve@home.org'), takeOver(jid)]).toEqual([null, null]);
  });

  it('is nothing when it cannot be read', () => {
    leave(left);
    sessionStorage.setItem(sessionStorage.key(0) as string, '{"jid":');
    expect(takeOver(jid)).toBeNull();
  });

  it('is not for the duplicate of a tab, whose storage is a copy', async () => {
    leave(left);
    vi.resetModules();
    const copy = await import('../../src/store/handover');
    expect(copy.takeOver(jid)).toBeNull();
    expect(takeOver(jid)).toEqual(left);
  });

  it('is given up with a word when the storage is full', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    leave({ ...left, stream: { ...left.stream, unacked: ['x'.repeat(6_000_000)] } });
    expect(warn).toHaveBeenCalledOnce();
    expect(takeOver(jid)).toBeNull();
    warn.mockRestore();
  });
});

describe('the sign of a reload', () => {
  const page = globalThis as { navigation?: EventTarget };
  const navigate = (navigationType: string) => page.navigation?.dispatchEvent(Object.assign(new Event('navigate'), { navigationType }));

  beforeEach(() => void (page.navigation = new EventTarget()));
  afterEach(() => void delete page.navigation);

  it('is not given by itself', () => {
    expect(new ReloadSign().given).toBe(false);
  });

  it('is given by a reload, and taken back by what follows', () => {
    const sign = new ReloadSign();
    const seen = ['push', 'reload', 'traverse'].map((type) => (navigate(type), sign.given));
    expect(seen).toEqual([false, true, false]);
  });

  it('is never given by a browser that does not tell', () => {
    delete page.navigation;
    expect(new ReloadSign().given).toBe(false);
  });
});

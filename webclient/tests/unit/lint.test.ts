// @vitest-environment node
import { describe, expect, it } from 'vitest';
// @ts-expect-error a plain script without types
import { check, checkAll } from '../../scripts/lint.mjs';

describe('lint', () => {
  it('finds nothing in the sources', () => expect(checkAll()).toEqual([]));

  it.each(['x.innerHTML = y', '<p dangerouslySetInnerHTML={z} />', 'eval("1")', '<p style="x">', '<img src="//cdn.example/x">', 'x as any'])(
    'finds %s',
    (line) => expect(check('x.ts', line)).toHaveLength(1),
  );
});

import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {CODES} from '../../kernel/cell/codes.js';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

test('every code has a section, in order, and every section a code', () => {
  const sections = [...page.matchAll(/^## (W\d+)$/gm)].map(match => match[1]);
  expect(sections).toEqual(Object.keys(CODES).sort());
});

test('a section begins with the meaning of its code and says what to do', () => {
  for (const [code, meaning] of Object.entries(CODES)) {
    const section = page.split(`## ${code}\n`)[1]?.split(/^#{1,2} /m)[0] ?? '';
    expect(section.trim().startsWith(meaning), `${code}: ${meaning}`).toBe(true);
    expect(section.trim().length, code).toBeGreaterThan(meaning.length + 20);
  }
});

import {readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
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

test('every code that is said somewhere is in the table, and every code of the table is said', () => {
  const root = resolve(import.meta.dirname, '../..');
  const said = new Set<string>();
  for (const room of ['kernel', 'magics'])
    for (const name of readdirSync(join(root, room), {recursive: true, encoding: 'utf8'})) {
      if (!name.endsWith('.ts')) continue;
      for (const [code] of readFileSync(join(root, room, name), 'utf8').matchAll(/(?<=')W\d{4}(?=')/g)) said.add(code);
    }
  expect([...said].sort()).toEqual(Object.keys(CODES).sort());
});

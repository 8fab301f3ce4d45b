import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {sharedStack} from './shared-stack.js';

const {directory, run, outcome} = sharedStack();

it('what reads a root is blocked by a failed change of it, also where it came after the failure, until that has succeeded', async () => {
  await run('%%bash --mutates DATA --as note\n[ -e "$WEFT_ROOT/../ready" ] && echo > "$WEFT_ROOT/note.txt"');
  await run('%%bash --reads DATA --as early\nls "$WEFT_ROOT" > names');
  await run('%wait');
  await run('%%bash --reads DATA --as late\nls "$WEFT_ROOT" > other-names');
  await run('%%lsst processCcd --as ccd --split visit,ccd\n--id');
  await run('const call = bash("ls $WEFT_ROOT > third", {reads: "DATA"})');
  for (const name of ['early', 'late', 'ccd', 'call']) expect(await outcome(name)).toContain('note failed');
  writeFileSync(join(directory(), 'ready'), '');
  await run('%retry note');
  expect(await outcome('late')).toBe("'done'");
  expect(await run("(await early).text('names').includes('note.txt')")).toBe('true');
});

it('who cancels a change goes on without it', async () => {
  await run('%%bash --mutates DATA --as more\nuntil [ -e never ]; do sleep 0.1; done');
  await expect.poll(() => run('%status more')).toContain('running');
  await run('%%bash --reads DATA --as before\nls "$WEFT_ROOT" > fourth');
  await run('%cancel more');
  expect(await outcome('before')).toMatch(/more was cancelled, which changes .*DATA before it/);
  await run('%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > fifth');
  expect(await outcome('reader')).toBe("'done'");
});

it('a cell that makes the name anew takes the place of the change that failed', async () => {
  await run('%%bash --mutates DATA --as wrong\nfalse');
  await run('%wait');
  await run('%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > sixth');
  expect(await outcome('reader')).toMatch(/wrong failed, which changes .*DATA before it/);
  await run('%%bash --mutates DATA --as wrong\ntrue');
  await run('%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > sixth');
  expect(await outcome('reader')).toBe("'done'");
});

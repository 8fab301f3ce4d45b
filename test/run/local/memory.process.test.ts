import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ExecutorRig, lives} from './executor-rig.js';

const MB = 2 ** 20;

/** Bash that takes so many MB, and keeps them for a minute. */
const take = (megabytes: number): string => `head -c ${megabytes}M /dev/zero | tail -c ${megabytes}M | sleep 60`;

test(
  'a job over its memory is ended with all that it started, and says how much it took',
  {timeout: 30_000},
  async () => {
    await using rig = await ExecutorRig.make({slots: 2});
    await rig.submit('beside', 'echo $$ >pid; sleep 60');
    const script = `
    setsid bash -c 'echo $$ >apart; exec sleep 60' &
    (echo $BASHPID >child; ${take(150)}) &
    echo before
    wait`;
    const exit = await rig.run('big', script, {memory: 100 * MB});
    if (exit.is !== 'out of memory') throw new Error(JSON.stringify(exit));
    expect(exit.used).toBeGreaterThan(100 * MB);
    expect(exit.used).toBeLessThan(400 * MB);
    expect(await rig.read('big', '.weft.log')).toBe('before\n');
    expect(await rig.read('big', '.weft.exit')).toMatch(/^137 \d+\.\d+ memory \d+\n$/);
    for (const file of ['child', 'apart']) expect(await lives(await rig.pid('big', file)), file).toBe(false);
    expect(await lives(await rig.pid('beside', 'pid'))).toBe(true);
    rig.cancel('beside');
    await rig.exit('beside');
  },
);

test('what left the job for a session of its own, and lost its parent, counts too', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  const script = `(setsid bash -c 'echo $$ >apart; ${take(150)}' &)
    sleep 60`;
  expect(await rig.run('hidden', script, {memory: 100 * MB})).toMatchObject({is: 'out of memory'});
  expect(await lives(await rig.pid('hidden', 'apart'))).toBe(false);
});

test('memory that processes share counts once', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  // Each of five has all of it in its pages, none of its own: together more than the limit, if they were added up.
  const script = `
    text=$(head -c 30M /dev/zero | tr '\\0' x)
    for each in 1 2 3 4; do (read -r -t 2 <> <(:); echo done) & done
    wait`;
  const exit = await rig.run('shared', script, {memory: 250 * MB});
  expect(exit).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('shared', '.weft.log')).toBe('done\n'.repeat(4));
});

test('a limit ends with its job: the next one on the slot has its own, or none', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  expect(await rig.run('small', 'true', {memory: 50 * MB})).toMatchObject({is: 'exited', code: 0});
  // Twice as long as the watch of the first would take to see it.
  const script = `
    text=$(head -c 60M /dev/zero | tr '\\0' x)
    read -r -t 1.5 <> <(:)
    echo \${#text}`;
  expect(await rig.run('free', script)).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('free', '.weft.log')).toBe(`${60 * MB}\n`);
});

test('jobs that may take more memory together than there is run one after the other', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make({slots: 4, memory: 1000 * MB});
  const wait = `until [ -e ../go ]; do read -r -t 0.05 <> <(:); done`;
  for (const name of ['first', 'second', 'third']) await rig.submit(name, wait, {memory: 400 * MB});
  await rig.submit('none', 'true');
  await rig.toldStart('second');
  await rig.submit('small', 'true', {memory: MB});
  expect(rig.order('started')).toEqual(['first', 'second']);
  await writeFile(join(rig.directory, 'go'), '');
  await rig.exit('small');
  expect(rig.order('started')).toEqual(['first', 'second', 'third', 'none', 'small']);
});

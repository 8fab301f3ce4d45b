import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {missing, need} from '../rig/component.js';
import {Faults, library, type Rule} from '../rig/faults/faults.js';
import type {Kernel} from '../rig/kernel.js';
import {CrashRig, runCells, WORK} from './crash-rig.js';
import {ANY, WORDS, WRITING, type Code} from './error-words.js';

/** Files of Weft, the operation that fails, and the place that the person is told. */
const failing: readonly (readonly [string, readonly Code[], Omit<Rule, 'action'>, RegExp])[] = [
  ['its claim', ANY, {role: 'kernel', path: '.weft/claims/.#'}, /\.weft\/claims/],
  ['its claim', WRITING, {role: 'kernel', operation: 'write', path: '.weft/claims/.#'}, /\.weft\/claims/],
  ['the name of its claim', ANY, {role: 'kernel', operation: 'link', path: '.weft/claims/*'}, /\.weft\/claims/],
  ['its attempt', ANY, {role: 'kernel', operation: 'mkdir', path: `${WORK}/#/.bash#.#`}, /\.weft\/work\b/],
  ['its script', ANY, {role: 'kernel', operation: 'create', path: '*/.weft.script'}, /\.weft\/work\b/],
  ['its script', WRITING, {role: 'kernel', operation: 'write', path: '*/.weft.script'}, /\.weft\/work\b/],
  ['its log', ANY, {role: 'runner', operation: 'create', path: '*/.weft.log'}, /\.weft\.log/],
  ['its manifest', ANY, {role: 'kernel', operation: 'create', path: '*/.weft.json'}, /\.weft\.json/],
  ['its manifest', WRITING, {role: 'kernel', operation: 'write', path: '*/.weft.json'}, /\.weft\.json/],
  ['its name', ANY, {role: 'kernel', operation: 'rename', path: `${WORK}/#/bash#`}, /\.weft\/work\b/],
];

/** What a task can do without. */
const harmless: readonly (readonly [string, Omit<Rule, 'action'>])[] = [
  ['the mark of its runner', {role: 'kernel', path: '*/.weft.runner~'}],
  ['the mark of its start', {role: 'runner', operation: 'create', path: '*/.weft.started'}],
  ['the mark of its end', {role: 'runner', operation: 'create', path: '*/.weft.exit'}],
  ['the sign of life', {role: 'kernel', path: '.weft/claims/.beat#'}],
  ['what was left', {role: 'kernel', operation: 'unlink', path: '.weft/claims/*'}],
  ['the history of cells', {role: 'kernel', path: '.weft/history*'}],
];

describe.skipIf(missing([library]) !== undefined && process.env['CI'] !== 'true')('a kernel', () => {
  let rig: CrashRig;
  let faults: Faults;
  let kernel: Kernel;
  let number = 0;
  beforeAll(async () => {
    rig = new CrashRig();
    rig.open();
    faults = new Faults(rig.directory);
    kernel = await rig.start({env: faults.environment});
  });
  afterAll(async () => {
    await kernel.shutdown();
    await kernel[Symbol.asyncDispose]();
    // What could not be removed is put away by the next kernel that opens the notebook: one that is asked for nothing does not.
    await using next = await rig.start();
    await next.client.execute('1');
    await next.shutdown();
    expect(rig.leftovers).toEqual([]);
    faults[Symbol.dispose]();
    rig[Symbol.dispose]();
  });

  const cell = (): string =>
    `%%bash --as t${++number}\necho ${number} >> ${rig.counter}\necho "result ${number}" > out.txt`;
  const made = async (): Promise<string> =>
    (await kernel.client.execute(`(await t${number}).text("out.txt")`)).outputs.text ?? '';

  test.each(failing.flatMap(([what, codes, rule, place]) => codes.map(code => ({what, code, rule, place}))))(
    'says where, why and what to do if $what meets $code in $rule.operation, and runs the task when it is asked again',
    async ({code, rule, place}) => {
      const source = cell();
      faults.set([{...rule, action: {error: code}}]);
      const [text] = await runCells(kernel, [source]);
      expect(faults.hits.length).toBeGreaterThan(0);
      expect(text).toMatch(/failed/);
      expect(text).toMatch(place);
      for (const words of WORDS[code]) expect(text).toMatch(words);
      expect(rig.published).toHaveLength(published);
      faults.set([]);
      expect((await runCells(kernel, [source]))[0]).toContain('done');
      expect(await made()).toContain(`result ${number}`);
      published = rig.published.length;
    },
  );
  let published = 0;

  test.each(harmless.flatMap(([what, rule]) => ANY.map(code => ({what, code, rule}))))(
    'runs a task all the same if $what meets $code',
    async ({code, rule}) => {
      faults.set([{...rule, action: {error: code}}]);
      expect((await runCells(kernel, [cell()]))[0]).toContain('done');
      expect(await made()).toContain(`result ${number}`);
      expect(rig.ran.filter(line => line === String(number))).toHaveLength(1);
      faults.set([]);
    },
  );
});

test.each([
  ['create', 'ENOSPC'],
  ['write', 'ENOSPC'],
  ['write', 'EIO'],
  ['sync', 'EIO'],
  ['create', 'EACCES'],
  ['create', 'EROFS'],
] as const)(
  'while a journal meets an error (%s: %s), the notebook is told, and killed then, the kernel has lost nothing',
  async (operation, code) => {
    using rig = new CrashRig();
    using faults = new Faults(rig.directory, [
      {role: 'kernel', operation, path: '.weft/runs/*', action: {error: code}},
    ]);
    const cells = [
      `%%bash --as file\necho file >> ${rig.counter}\necho "result" > out.txt`,
      `%%bash --as value --value\necho value >> ${rig.counter}\necho 42`,
    ];
    {
      await using kernel = await rig.start({env: faults.environment});
      const told = kernel.client.waitFor(
        ({header, content}) => header.msg_type === 'stream' && JSON.stringify(content).includes('.weft/runs'),
      );
      const texts = await runCells(kernel, cells);
      for (const text of texts) expect(text).toContain('done');
      const {content} = await told;
      for (const words of WORDS[code]) expect(content['text']).toMatch(words);
      await kernel.kill();
    }
    // The same bash as before, or the tasks would be others.
    faults.set([]);
    await using kernel = await rig.start({env: faults.environment});
    await runCells(kernel, cells);
    expect((await kernel.client.execute('await value')).outputs.text).toBe('42');
    expect(rig.ran.toSorted()).toEqual(['file', 'value']);
    await kernel.shutdown();
    expect(rig.leftovers).toEqual([]);
  },
);

test('a journal that could not be written is written once it can be, without another task', async context => {
  need(context, library);
  using rig = new CrashRig();
  using faults = new Faults(rig.directory, [{role: 'kernel', path: '.weft/runs/*', action: {error: 'ENOSPC'}}]);
  await using kernel = await rig.start({env: faults.environment});
  await runCells(kernel, [`%%bash --as value --value\necho 42`]);
  expect(rig.journal).toEqual([]);
  faults.set([]);
  await rig.until(rig.directory, () => rig.journal.some(({is}) => is === 'result'));
});

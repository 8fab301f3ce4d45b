import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {missing} from '../rig/component.js';
import {Faults, library, type Rule} from '../rig/faults/faults.js';
import type {Kernel} from '../rig/kernel.js';
import {CrashRig, runCells} from './crash-rig.js';
import {ANY, WORDS, WRITING, type Code} from './error-words.js';
import {RerunSets} from './rerun-sets.js';
import {LINGER} from './task-sets.js';

/** Files of a rerun, the operation that fails, and the place that the person is told. */
const failing: readonly (readonly [string, readonly Code[], Omit<Rule, 'action'>, RegExp])[] = [
  ['its claim', ANY, {path: 'DATA/rerun/weft/.claims/.#'}, /rerun\/weft\/\.claims/],
  ['the name of its claim', ANY, {operation: 'link', path: 'DATA/rerun/weft/.claims/*'}, /rerun\/weft\/\.claims/],
  ['its attempt', ANY, {operation: 'mkdir', path: 'DATA/rerun/weft/.make*#.#'}, /rerun\/weft\/\.makeCoaddTempExp/],
  ['its parents', ANY, {operation: 'create', path: '*/repositoryCfg.yaml'}, /repositoryCfg\.yaml|rerun\/weft\/\.make/],
  [
    'its parents',
    WRITING,
    {operation: 'write', path: '*/repositoryCfg.yaml'},
    /repositoryCfg\.yaml|rerun\/weft\/\.make/,
  ],
  ['its command', ANY, {operation: 'create', path: '*/.weft.task'}, /rerun\/weft\/\.make/],
  ['its directory of scratch files', ANY, {operation: 'mkdir', path: '*/.weft.tmp'}, /rerun\/weft\/\.make/],
  ['its log', ANY, {role: 'runner', operation: 'create', path: 'DATA/*/.weft.log'}, /\.weft\.log/],
  ['its manifest', ANY, {operation: 'create', path: 'DATA/*/.weft.json'}, /\.weft\.json/],
  ['its name', ANY, {operation: 'rename', path: 'DATA/rerun/weft/make*'}, /rerun\/weft\/makeCoaddTempExp/],
];

/** Of a join of reruns, which the kernel makes by itself. */
const joining: typeof failing = [
  ['its directories', ANY, {operation: 'mkdir', path: 'DATA/rerun/weft/.join#.#/*'}, /rerun\/weft\/\.join/],
  [
    'its parents',
    ANY,
    {operation: 'create', path: 'DATA/rerun/weft/.join#.#/repositoryCfg.yaml'},
    /rerun\/weft\/\.join/,
  ],
  ['its name', ANY, {operation: 'rename', path: 'DATA/rerun/weft/join#'}, /rerun\/weft\/join/],
];

const cases = (table: typeof failing) =>
  table.flatMap(([what, codes, rule, place]) => codes.map(code => ({what, code, rule, place})));

describe.skipIf(missing([library]) !== undefined && process.env['CI'] !== 'true')('a rerun', () => {
  let rig: CrashRig;
  let faults: Faults;
  let kernel: Kernel;
  let number = 0;
  let first: readonly string[];
  beforeAll(async () => {
    rig = new CrashRig();
    faults = new Faults(rig.directory);
    mkdirSync(rig.at('side'));
    writeFileSync(rig.at('side', 'log'), '');
    writeFileSync(rig.at('side', 'linger'), LINGER);
    const sets = new RerunSets(rig.directory, rig.at('side'));
    kernel = await rig.start({env: faults.environment});
    for (const cell of sets.heading) await kernel.client.execute(cell);
    first = sets.cells(100);
    await runCells(kernel, first.slice(0, 2));
  });
  afterAll(async () => {
    await kernel.shutdown();
    await kernel[Symbol.asyncDispose]();
    expect(hidden()).toEqual([]);
    faults[Symbol.dispose]();
    rig[Symbol.dispose]();
  });

  const reruns = (): readonly string[] => readdirSync(join(rig.directory, 'DATA/rerun/weft'));
  const published = (): readonly string[] => reruns().filter(name => !name.startsWith('.'));
  const hidden = (): readonly string[] => reruns().filter(name => /^\.\w+-[0-9a-f]{12}\./.test(name));

  async function fails(cell: string, code: Code, rule: Omit<Rule, 'action'>, place: RegExp): Promise<void> {
    const before = published();
    faults.set([{role: 'kernel', ...rule, action: {error: code}}]);
    const [text] = await runCells(kernel, [cell]);
    expect(faults.hits.length).toBeGreaterThan(0);
    expect(text).toMatch(/failed/);
    expect(text).toMatch(place);
    for (const words of WORDS[code]) expect(text).toMatch(words);
    expect(published()).toEqual(before);
    faults.set([]);
    expect((await runCells(kernel, [cell]))[0]).toContain('done');
    expect(published()).toHaveLength(before.length + 1);
  }

  test.each(cases(failing))(
    'that meets $code at $what ($rule.operation) says where, why and what to do, and is made when it is asked again',
    async ({code, rule, place}) => {
      const tag = `w${++number}`;
      const options = ` -c tag=${tag}`;
      await fails(
        `%%lsst makeCoaddTempExp --as ${tag}\n--id filter=HSC-R tract=${number} patch=0,0${options}`,
        code,
        rule,
        place,
      );
    },
  );

  test.each(cases(joining))(
    'of others that meets $code at $what ($rule.operation) says where, why and what to do, and is made when it is asked again',
    async ({code, rule, place}) => {
      const tag = `w${++number}`;
      const id = `--id filter=HSC-R tract=${number} patch=0,0 -c tag=${tag}`;
      await runCells(kernel, [`%%lsst makeCoaddTempExp --as ${tag}\n${id}`]);
      await fails(`%%join w100 ${tag} --as j${number} --mode link`, code, rule, place);
    },
  );
});

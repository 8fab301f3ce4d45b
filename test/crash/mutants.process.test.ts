import {copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {beforeEach, expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {library, type Role} from '../rig/faults/faults.js';
import {Random} from '../rig/random.js';
import {built} from './crash-notebook.js';
import {CrashRounds} from './crash-rounds.js';

/** A change of the built kernel that a crash must bring to light: what stands there, and what in its place. */
interface Mutant {
  readonly name: string;
  readonly from: RegExp;
  readonly to: string;
  /** Where to crash. */
  readonly paths: RegExp;
  /** Who is killed there, if not each in turn. */
  readonly victims?: readonly (readonly Role[])[];
  /** What is seen then. */
  readonly seen: RegExp;
  /** Found late: only where there is time. */
  readonly long?: true;
}

const COPY = `{
  const fs = require('node:fs');
  if (fs.existsSync(final)) throw Object.assign(new Error(final), {code: 'EEXIST'});
  fs.mkdirSync(final, {recursive: true});
  for (const entry of fs.readdirSync(attempt, {recursive: true, withFileTypes: true})) {
    const from = entry.parentPath + '/' + entry.name, to = final + from.slice(attempt.length);
    if (entry.isDirectory()) fs.mkdirSync(to, {recursive: true});
    else fs.mkdirSync(to.slice(0, to.lastIndexOf('/')), {recursive: true}), fs.writeFileSync(to, fs.readFileSync(from));
  }
  fs.rmSync(attempt, {recursive: true, force: true});
}`;

const mutants: readonly Mutant[] = [
  {
    name: 'a result is written in place',
    from: /renameSync\d*\(attempt, final\);/,
    to: COPY,
    paths: /work\/#\/bash#\/(?!\.weft\.exit)/,
    seen: /is missing|has no manifest|is cut|says/,
  },
  {
    name: 'a manifest is written after the name is given',
    from: /const written = await writeManifest\(attempt, manifest, sync\);/,
    to: 'const written = {ok: true}; setTimeout(() => void writeManifest(final, manifest, sync).catch(() => {}), 30);',
    paths: /work\/#\/bash#\/|claims/,
    seen: /has no manifest/,
    long: true,
  },
  {
    name: 'what is left of a task in its group runs on',
    from: /async function endGroup\d*\(.*\) \{/,
    to: '$& return;',
    paths: /^(?:task|job) create .*\/out\.txt/,
    victims: [['runner'], ['kernel', 'runner']],
    seen: /ran twice at once/,
  },
  {
    name: 'what is left of a task outside of its group runs on',
    from: /function inAttempt\d*\(.*\) \{/,
    to: '$& return [];',
    paths: /^(?:task|job) create .*\/begun/,
    victims: [['runner'], ['kernel', 'runner']],
    seen: /ran twice at once/,
    long: true,
  },
  {
    name: 'what a runner began before it could say so runs on',
    // By its group or by its place: each sees nearly all alone.
    from: /const beside = besideAttempt\(attempt\);/,
    to: 'return endAll(() => inAttempt(attempt)); $&',
    paths: /^runner create .*\/work\/.*weft\.started/,
    victims: [['runner'], ['kernel', 'runner']],
    seen: /ran twice at once/,
    long: true,
  },
  {
    name: 'the attempt of a value is removed before its line is written',
    from: /this\.#spent\.set\((\w+), directory\);/,
    to: "$& require('node:fs').rmSync(directory, {recursive: true});",
    paths: /^kernel rmdir \.weft\/scratch\/\.bash#/,
    victims: [['kernel']],
    seen: /ran again, though it had finished/,
  },
];

/** The bundles that `weft run` needs, one of them changed. They lie where their dependencies are found. */
function build({name, from, to}: Mutant): string {
  const folder = resolve(import.meta.dirname, '../../node_modules/.cache/weft-mutants', name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, {recursive: true});
  for (const file of readdirSync(built, {withFileTypes: true}))
    if (file.isFile() && !file.name.endsWith('.map')) copyFileSync(join(built, file.name), join(folder, file.name));
  const text = readFileSync(join(built, 'weft.js'), 'utf8');
  const changed = text.replace(from, to);
  expect(changed, `${from} is not in the bundle`).not.toBe(text);
  writeFileSync(join(folder, 'weft.js'), changed);
  return folder;
}

const soak = process.env['WEFT_SOAK'] !== undefined;

beforeEach(context => need(context, library));

test.each(mutants.filter(({long}) => soak || long === undefined))(
  'the crash test finds it if $name',
  {timeout: 600_000},
  async mutant => {
    const {paths, victims, seen} = mutant;
    const rounds = new CrashRounds({
      random: new Random(7),
      dist: build(mutant),
      paths,
      ...(victims === undefined ? {} : {victims}),
    });
    await Promise.all([rounds.until(60), rounds.until(60)]);
    console.log(`${mutant.name}: found after ${rounds.crashes} crashes`);
    expect(rounds.wrong.join('\n')).toMatch(seen);
  },
);

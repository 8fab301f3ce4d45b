import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Container} from '../../kernel/graph/container.js';
import {fingerprintOfRecipe} from '../../kernel/graph/recipe.js';
import type {MagicContext, SetupProbe} from '../../kernel/session/magic.js';
import type {TaskNode} from '../../kernel/session/node.js';
import {bashLanguage} from '../../magics/bash-language.js';
import {joinMagic} from '../../magics/join.js';
import {lsstMagic} from '../../magics/lsst/lsst.js';
import {pythonLanguage} from '../../magics/python-language.js';
import {pythonProgram} from '../../magics/python-program.js';
import type {ScriptCall} from '../../magics/script-call.js';
import {recipeOf} from '../../magics/script-recipe.js';
import type {ScriptBase} from '../../magics/script-work.js';
import {setupIdentity, type FoundSetup} from '../../magics/setup-identity.js';
import {FakeNotebook} from './lsst/fake-context.js';

/** Fields that the notebooks of the differential test do not have: each alone makes another fingerprint. */

const CALL = {strict: true, value: false, out: undefined} as unknown as ScriptCall;
const base = (more: Partial<Record<keyof ScriptBase, unknown>> = {}): ScriptBase =>
  ({
    setup: {identity: 'setup'},
    sources: {},
    environment: {},
    files: [],
    program: {},
    ...more,
  }) as unknown as ScriptBase;
const hashOf = (recipe: ReturnType<typeof recipeOf>): string => fingerprintOfRecipe({...recipe, variables: {}});

test('Code.python: in a container, the name of the Python counts unless it is `python3`', async () => {
  const {context} = new FakeNotebook();
  const container = {identity: {digest: 'sha256:1'}} as unknown as Container;
  const of = async (python: string): Promise<string> => {
    const asked = {...context, settings: {...context.settings, python}} as MagicContext;
    const program = await pythonProgram(asked, {} as SetupProbe, container);
    if (!program.ok) throw new Error(program.error.message);
    return hashOf(recipeOf(pythonLanguage, CALL, base({container, program: program.value}), '1', []));
  };
  expect(await of('python3.11')).not.toBe(await of('python3'));
  expect(await of('python3.11')).not.toBe(await of('python3.12'));
  expect(await of('python3')).toBe(hashOf(recipeOf(pythonLanguage, CALL, base({container}), '1', [])));
});

test('ScriptArguments.in: patterns below another result count, as a set', () => {
  const of = (...patterns: readonly string[]): string =>
    hashOf(recipeOf(bashLanguage, CALL, base(), 'cat *', [], patterns));
  expect(of('/weft::1/a.txt')).not.toBe(of('/weft::1/b.txt'));
  expect(of('/weft::1/a.txt')).not.toBe(of());
  expect(of('/weft::1/a.txt', '/weft::1/b.txt')).toBe(of('/weft::1/b.txt', '/weft::1/a.txt', '/weft::1/a.txt'));
});

test('ScriptArguments.missing: members that failed and were allowed to count, as a set', () => {
  const of = (...missing: readonly string[]): string =>
    hashOf(recipeOf(bashLanguage, CALL, base(), 'cat *', [], [], missing));
  expect(of('a')).not.toBe(of());
  expect(of('a')).not.toBe(of('b'));
  expect(of('a', 'b')).toBe(of('b', 'a'));
});

test('ScriptArguments.root: the same change of another root is another, and a root that is read is no argument', () => {
  const of = (path: string, writes = true): string =>
    hashOf(recipeOf(bashLanguage, CALL, base({root: {writes, root: {path}}}), 'touch $WEFT_ROOT/x', []));
  expect(of('/a')).not.toBe(of('/b'));
  expect(of('/a', false)).toBe(of('/b', false));
  expect(of('/a')).not.toBe(of('/a', false));
});

test('LsstArguments.show: what is printed counts', async () => {
  const notebook = new FakeNotebook();
  const of = async (words: string): Promise<string> =>
    (await notebook.task(lsstMagic, `%%lsst processCcd\n--id visit=1 ${words}`)).fingerprint;
  expect(await of('--show config')).not.toBe(await of('--show tasks'));
});

test('LsstArguments.rerun: a person’s rerun counts by its name', async () => {
  const notebook = new FakeNotebook();
  const of = async (rerun: string): Promise<string> =>
    (await notebook.task(lsstMagic, `%%lsst processCcd --rerun ${rerun}\n--id visit=1`)).fingerprint;
  expect(await of('manual1')).not.toBe(await of('manual2'));
  expect(await of('manual1')).toBe(await of('manual1'));
});

test('LsstArguments.root: the same change of another root is another', async () => {
  const notebook = new FakeNotebook();
  const other = join(notebook.directory, 'OTHER');
  mkdirSync(other);
  writeFileSync(join(other, '_mapper'), 'lsst.obs.hsc.HscMapper\n');
  const of = async (): Promise<string> =>
    (await notebook.task(lsstMagic, '%%lsst ingestImages\nx.fits --mode=link')).fingerprint;
  writeFileSync(join(notebook.directory, 'x.fits'), 'x');
  const one = await of();
  Object.assign(notebook.context.settings, {repo: other});
  expect(await of()).not.toBe(one);
});

test('JoinArguments.missing: a join that lacks a failed member is not one that never had it', async () => {
  const notebook = new FakeNotebook();
  for (const [at, name] of ['a', 'b'].entries()) {
    const draft = await notebook.cell(lsstMagic, `%%lsst processCcd\n--id visit=${at}`);
    if (!draft.ok) throw new Error(draft.error.join('\n'));
    const node: TaskNode = notebook.plan(draft.value, name);
    Object.assign(node, {ended: () => Promise.resolve({is: name === 'a' ? 'done' : 'failed'})});
    notebook.bind(name, node);
  }
  const of = async (members: string): Promise<string> =>
    (await notebook.task(joinMagic, `%%join ${members} --as j --allow-failed 1`)).fingerprint;
  expect(await of('a b')).not.toBe(await of('a'));
});

const PLAIN: FoundSetup = {text: 'export A=1', directory: '/nb', rows: [], environment: {}, files: {}};

test('SetupContents.text: without products, the text counts', () => {
  expect(setupIdentity({...PLAIN, text: 'export A=2'})).not.toBe(setupIdentity(PLAIN));
  expect(setupIdentity({...PLAIN, text: ' export A=1\n'})).toBe(setupIdentity(PLAIN));
});

test('SetupContents.files: without products, what the files hold that the text names counts', () => {
  const of = (digest: string, path = '/nb/a.sh'): string => setupIdentity({...PLAIN, files: {[path]: digest}});
  expect(of('1')).not.toBe(of('2'));
  expect(of('1')).toBe(of('1', '/elsewhere/a.sh'));
});

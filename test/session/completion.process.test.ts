import {mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {Kernel} from '../rig/kernel.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

interface Reply {
  readonly matches: readonly string[];
  readonly cursor_start: number;
  readonly cursor_end: number;
  readonly metadata: {
    readonly _jupyter_types_experimental: readonly {text: string; type: string; signature?: string}[];
  };
}

/** Asks for completions; `|` in the text is the cursor. */
async function complete({client}: Kernel, marked: string): Promise<Reply> {
  const at = marked.indexOf('|');
  const code = marked.slice(0, at) + marked.slice(at + 1);
  const position = Array.from(code.slice(0, at)).length;
  const {content} = await client.request('shell', 'complete_request', {code, cursor_pos: position});
  return content as unknown as Reply;
}

const matches = async (kernel: Kernel, marked: string): Promise<readonly string[]> =>
  (await complete(kernel, marked)).matches;

async function inspect({client}: Kernel, marked: string): Promise<string> {
  const at = marked.indexOf('|');
  const code = marked.slice(0, at) + marked.slice(at + 1);
  const position = Array.from(code.slice(0, at)).length;
  const {content} = await client.request('shell', 'inspect_request', {code, cursor_pos: position, detail_level: 0});
  const text = (content['data'] as Record<string, string>)['text/plain'];
  expect(content['found']).toBe(text !== undefined);
  return text ?? '';
}

/** Resolves when the language service answers: names alone come first. */
async function warm(kernel: Kernel): Promise<void> {
  while ((await matches(kernel, '"".toUpper|')).length === 0);
}

test('TypeScript completes over all cells and what magics made, with any text before the cursor', async () => {
  await using notebook = await openTestNotebook();
  const {kernel} = notebook;
  await notebook.run('/** How wide it is. */\nconst radius = 3; const star = {rightAscension: 1, declination: 2}');
  // Before the service is there, the names of the notebook are offered.
  expect(await matches(kernel, 'rad|')).toContain('radius');
  // And the properties that a value has.
  expect(await matches(kernel, 'const x = star.|')).toEqual(['declination', 'rightAscension']);
  await notebook.run("%%bash --as det\necho '1' > f");
  await notebook.run('%%foreach band in [r, i]\n%%bash --as warps\ntrue');
  await warm(kernel);
  const reply = await complete(kernel, '"é😀𝒳"; star.righ| + 1');
  expect(reply).toMatchObject({matches: ['rightAscension'], cursor_start: 12, cursor_end: 16});
  expect(reply.metadata._jupyter_types_experimental[0]).toMatchObject({text: 'rightAscension', type: 'property'});
  expect(await matches(kernel, 'star.|')).toEqual(['declination', 'rightAscension']);
  expect(await matches(kernel, 'radi|')).toEqual(['radius']);
  expect(await matches(kernel, '(await det).te|')).toEqual(['text']);
  expect(await matches(kernel, 'warps.si|')).toEqual(['size']);
  expect(await matches(kernel, 'lsst("processCcd", {sel|')).toEqual(['selectId']);
  expect(await matches(kernel, '%status\nfunction f() {\n  for (const x of [star]) x.decl|')).toEqual(['declination']);
  expect(await matches(kernel, '%%lsst t\n--id visit=${star.decl|')).toEqual(['declination']);
  expect(await matches(kernel, '%%foreach x in [1]\nstar.decl|')).toEqual(['declination']);
  await notebook.run('const star = {magnitude: 1}');
  expect(await matches(kernel, 'star.|')).toEqual(['magnitude']);
  expect(await inspect(kernel, 'radi|us')).toBe('const radius: 3\n\nHow wide it is.');
  expect(await inspect(kernel, 'lsst(|')).toMatch(
    /^lsst\(task: string, options\?: LsstOptions\).*\n\nRuns a command-line/,
  );
  expect(await inspect(kernel, 'de|t')).toMatch(/^const det: Future<Files>\n\n[^]*det/);
  expect(await inspect(kernel, 'nothingOfThisName|')).toBe('');
  expect(await inspect(kernel, '|')).toBe('');
});

test('magics complete: names, options, futures and keys, tasks, files, settings', async () => {
  using folder = scratch();
  mkdirSync(folder.at('DATA'));
  writeFileSync(folder.at('table two.csv'), '');
  writeFileSync(folder.at('weft.lock'), '{"weft.lock": 1, "images": [\n{"container": "docker:lsst:w20"}\n]}');
  await using notebook = await openTestNotebook({directory: folder.path});
  const {kernel} = notebook;
  await notebook.run('%%foreach band in [HSC-R, HSC-I]\n%%foreach n in 1..2\n%%bash --as warps\ntrue');
  expect(await matches(kernel, '%%ls|')).toEqual(['%%lsst']);
  expect(await matches(kernel, '%sta|')).toEqual(['%status']);
  expect(await matches(kernel, 'const a = 1\n%sta|\nx')).toEqual(['%status']);
  expect(await matches(kernel, '%%bash --as x --fr|')).toEqual(['--from']);
  const tasks = await complete(kernel, '%%lsst assembleC|');
  expect(tasks.matches).toEqual(['assembleCoadd']);
  expect(tasks.metadata._jupyter_types_experimental[0]).toMatchObject({signature: 'adds the warps of a patch up'});
  expect(await matches(kernel, '%%lsst makeCoadd --from war|')).toEqual(['warps']);
  expect(await matches(kernel, '%status warps[|')).toEqual(['warps[HSC-I]', 'warps[HSC-R]']);
  expect(await matches(kernel, '%%bash --from a=warps[HSC-R][|')).toEqual(['a=warps[HSC-R][1]', 'a=warps[HSC-R][2]']);
  expect(await matches(kernel, '%%bash --in tab|')).toEqual(['table\\ two.csv']);
  expect(await matches(kernel, "%show 'tab|")).toEqual(['table two.csv']);
  expect(await matches(kernel, '%repo |')).toEqual(['DATA/']);
  expect(await matches(kernel, '%config ty|')).toEqual(['typecheck']);
  expect(await matches(kernel, '%config typecheck |')).toEqual(['error', 'off', 'warn']);
  expect(await matches(kernel, '%container docker:l|')).toEqual(['docker:lsst:w20']);
  expect(await matches(kernel, '%%bash\necho $x ls|')).toEqual([]);
  expect(await matches(kernel, '%%lsst processCcd\n--doR|')).toEqual([]);
  expect(await matches(kernel, '%%lsst processCcd\n--do|')).toEqual(['--doraise']);
  expect(await inspect(kernel, '%%lsst proc|essCcd')).toBe(
    'processCcd: raw exposures to calibrated images and source catalogues (calexp, src)',
  );
  expect(await inspect(kernel, '%%ls|st?')).toMatch(/^%%lsst: runs a command-line task/);
  expect(await inspect(kernel, '%%bash --ret|ries 3\ntrue')).toBe(
    '--retries: how often it is started again when it fails',
  );
  expect(await inspect(kernel, '%%bash --from war|ps[HSC-R]\ntrue')).toContain('warps');
});

test('%show completes what a result has, and TypeScript the keys of a set', async () => {
  await using notebook = await openTestNotebook();
  const {kernel} = notebook;
  await notebook.run(
    `%%foreach band in [HSC-R, 'o"b']
%%bash --as coadds
mkdir -p deepCoadd/HSC-R/0 && touch deepCoadd/HSC-R/0/{1,2},1.fits`,
  );
  await notebook.run('%%foreach n in 1..2\n%%foreach x in [a, b]\n%%bash --as sét\ntouch plot.png');
  await notebook.run('const names = 1\n%wait');
  const show = '%show coadds[HSC-R]';
  expect(await matches(kernel, `${show} |`)).toEqual(['deepCoadd', 'filter=', 'patch=', 'tract=']);
  expect(await matches(kernel, `const s = '😀'\n${show} deepCoadd patch=|`)).toEqual(['patch=1,1', 'patch=2,1']);
  expect(await matches(kernel, '%show sét[1][b] |')).toEqual(['plot.png']);
  expect(await matches(kernel, '%show sét[1] |')).toEqual([]);
  expect(await matches(kernel, '%show sét[1][|')).toEqual(['sét[1][a]', 'sét[1][b]']);
  const bare = await complete(kernel, '"😀"; coadds[|');
  expect(bare).toMatchObject({matches: ['"HSC-R"', '"o\\"b"'], cursor_start: 12, cursor_end: 12});
  expect(await matches(kernel, "coadds['o|")).toEqual(['o"b']);
  expect(await matches(kernel, 'sét[|')).toEqual(['1', '2']);
  expect(await matches(kernel, 'await sét[2]["|"]')).toEqual(['a', 'b']);
  expect(await matches(kernel, '%%lsst t\n--id x=${sét[2][`a|')).toEqual([]);
  expect(await matches(kernel, '%%lsst t\n--id x=${sét[|')).toEqual(['1', '2']);
  // What is computed is no key that is typed.
  expect(await matches(kernel, 'sét[n|')).toContain('names');
  expect(await inspect(kernel, '"😀天e\u0301"; sé|t')).toMatch(/sét — 4 of 4 done/);
});

test('a cell that computes does not hold completion up', async () => {
  await using notebook = await openTestNotebook();
  const {kernel} = notebook;
  await notebook.run('const width = 1');
  await warm(kernel);
  expect(await matches(kernel, 'widt|')).toEqual(['width']);
  const running = kernel.client.start('for (;;) {}', {stopOnError: false});
  await kernel.client.waitFor(
    ({header, content}) => header.msg_type === 'execute_input' && content['code'] === 'for (;;) {}',
  );
  expect(await matches(kernel, 'widt|')).toEqual(['width']);
  expect(await inspect(kernel, 'wid|th')).toBe('const width: 1');
  await kernel.client.request('control', 'interrupt_request');
  await running.done;
});

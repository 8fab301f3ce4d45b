import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {need, type Component} from '../rig/component.js';
import {root} from '../rig/sources.js';
import {openTestNotebook, type TestNotebook} from './notebook.js';

const make: Component<string> = {
  name: 'make',
  found:
    spawnSync('make', ['--version']).status === 0 ? {ok: true, value: 'make'} : {ok: false, why: 'none on the PATH'},
};

const write = (nb: TestNotebook, name: string, text: string): void =>
  writeFileSync(join(nb.kernel.directory, name), text);

/** An extension with one line magic, that prints a text. */
const says = (name: string, text: string): string =>
  `export function register(kernel) {
  kernel.lineMagic({
    shape: {name: '${name}', use: 'line', options: {}, body: 'none'}, summary: 'says ${text}', example: '%${name}',
    run: async (_line, context) => context.stream('stdout', '${text}\\n'),
  });
}`;

const matches = async (nb: TestNotebook, code: string): Promise<unknown> =>
  (await nb.kernel.client.request('shell', 'complete_request', {code, cursor_pos: code.length})).content['matches'];

test('the extension of the docs adds a task that is cached, a line magic and a comm', async context => {
  need(context, make);
  await using nb = await openTestNotebook();
  const [, example = ''] = /^```js\n(.*?)^```$/ms.exec(readFileSync(join(root, 'docs/extensions.md'), 'utf8')) ?? [];
  write(nb, 'mine.js', example);
  write(nb, 'Makefile', 'report.txt: data.csv\n\twc -l < data.csv > report.txt\n\techo made >> $(TRACE)\n');
  write(nb, 'data.csv', '1\n2\n');
  const trace = join(nb.kernel.directory, 'trace');
  expect(await nb.run('%load_ext ./mine.js')).toMatchObject({
    error: '',
    out: './mine.js: %%make, %du, comm mine.echo\n',
  });
  await nb.run(`%env TRACE=${trace}`);
  const cell = '%%make report.txt --in data.csv --as report';
  for (let run = 0; run < 2; run++) {
    expect((await nb.run(cell)).error).toBe('');
    expect(await nb.value('(await report).text("report.txt")')).toContain('2');
  }
  expect(readFileSync(trace, 'utf8')).toBe('made\n');
  expect((await nb.run('%du report --total')).out).toBe('2 report\n2 in all\n');
  write(nb, 'data.csv', '1\n2\n3\n');
  await nb.run(`${cell}\n`);
  expect(await nb.value('(await report).text("report.txt")')).toContain('3');
  expect((await nb.run('%%make --as none')).error).toContain('W9104: there is no target');
  expect((await nb.run('%lsmagic')).out).toMatch(/^%%make +makes targets.*^%du +says how many/ms);
  expect((await nb.run('%help make')).out).toContain('%%make report.txt --in data.csv');
  expect(await matches(nb, '%%ma')).toEqual(['%%make']);
  const {client} = nb.kernel;
  client.send('shell', 'comm_open', {comm_id: 'c', target_name: 'mine.echo', data: {}});
  client.send('shell', 'comm_msg', {comm_id: 'c', data: {x: 1}});
  const answer = await client.waitFor(({header}) => header.msg_type === 'comm_msg');
  expect(answer.content).toEqual({comm_id: 'c', data: {echo: {x: 1}}});
  await nb.run('%unload_ext ./mine.js');
  client.send('shell', 'comm_open', {comm_id: 'd', target_name: 'mine.echo', data: {}});
  expect((await client.waitFor(({header}) => header.msg_type === 'comm_close')).content['comm_id']).toBe('d');
  expect((await nb.run(cell)).error).toContain('W1003');
  expect(await matches(nb, '%%ma')).toEqual([]);
});

test('an edited extension replaces what it was, and one with an error leaves it', async () => {
  await using nb = await openTestNotebook();
  write(nb, 'a.js', says('hi', 'one'));
  await nb.run('%load_ext ./a.js');
  expect((await nb.run('%hi')).out).toBe('one\n');
  expect((await nb.run('%load_ext a.js')).out).toBe('');
  write(nb, 'a.js', says('hey', 'two, longer'));
  await nb.run('%load_ext ./a.js');
  expect((await nb.run('%hey')).out).toBe('two, longer\n');
  expect((await nb.run('%hi')).error).toContain('W1003');
  write(nb, 'a.js', `\n\nlet broken = ;\n`);
  const broken = await nb.run('%load_ext ./a.js');
  expect(broken.error).toMatch(
    /W9101: `\.\/a\.js` cannot be loaded: SyntaxError.*the one that was loaded before stays/,
  );
  expect(broken.error).toContain(`${join(nb.kernel.directory, 'a.js')}:3`);
  expect((await nb.run('%hey')).out).toBe('two, longer\n');
  expect((await nb.run('%load_ext')).out).toBe('./a.js\n');
});

test('a module that throws says where, and one with a name that is taken says whose; nothing of either is there', async () => {
  await using nb = await openTestNotebook();
  const at = (name: string, line: number): string => `at ${join(nb.kernel.directory, name)}:${line}`;
  write(nb, 'top.js', 'export const x = 1;\nthrow new TypeError("no good");\n');
  expect((await nb.run('%load_ext ./top.js')).error).toMatch(/W9101.*no good/);
  expect((await nb.run('%load_ext ./top.js')).error).toContain(at('top.js', 2));
  write(nb, 'helper.js', '\nexport const = 2;\n');
  write(nb, 'imports.js', 'import "./helper.js";\n');
  expect((await nb.run('%load_ext ./imports.js')).error).toContain(at('helper.js', 2));
  expect((await nb.run('%load_ext ./none.js')).error).toContain('there is no file `./none.js`');
  expect((await nb.run('%load_ext no-such-package')).error).toContain("Cannot find package 'no-such-package'");
  write(nb, 'nothing.js', 'export const x = 1;');
  expect((await nb.run('%load_ext ./nothing.js')).error).toContain('exports no function `register`');
  write(nb, 'late.js', `${says('early', 'x').slice(0, -1)}\n  undefined.x;\n}`);
  expect((await nb.run('%load_ext ./late.js')).error).toContain(at('late.js', 7));
  expect((await nb.run('%early')).error).toContain('W1003');
  write(
    nb,
    'taken.js',
    `${says('fine', 'x').slice(0, -1)}\n  kernel.lineMagic({...kernel.task('bash'), shape: {name: 'status', use: 'line', options: {}, body: 'none'}, run() {}});\n}`,
  );
  expect((await nb.run('%load_ext ./taken.js')).error).toMatch(/W9102.*`status`.*Weft itself/);
  expect((await nb.run('%fine')).error).toContain('W1003');
  write(nb, 'one.js', says('same', '1'));
  write(nb, 'two.js', says('same', '2'));
  await nb.run('%load_ext ./one.js');
  expect((await nb.run('%load_ext ./two.js')).error).toMatch(/W9102.*one of \.\/one\.js/);
  expect((await nb.run('%same')).out).toBe('1\n');
  write(nb, 'shape.js', 'export default kernel => kernel.lineMagic({shape: {name: "x", use: "line", options: {}}})');
  expect((await nb.run('%load_ext ./shape.js')).error).toMatch(/W9101.*`shape.body` of `x`/);
  expect((await nb.run('%unload_ext ./two.js')).error).toMatch(/W9103.*not loaded/s);
});

test('an extension may be TypeScript, with modules that it imports, and its faults have the lines of its files', async () => {
  await using nb = await openTestNotebook();
  write(nb, 'words.ts', 'export interface Word { text: string }\nexport const word: Word = {text: "typed"};\n');
  const magic = (run: string): string =>
    [
      "import {word, type Word} from './words.js';",
      'interface Line {',
      '  stream(name: string, text: string): void;',
      '}',
      'export function register(kernel: {lineMagic(magic: unknown): void}): void {',
      '  kernel.lineMagic({',
      '    shape: {name: "typed", use: "line", options: {}, body: "none"}, summary: "s", example: "%typed",',
      `    async run(_: unknown, context: Line) { ${run} },`,
      '  });',
      '}',
    ].join('\n');
  write(nb, 'mine.ts', magic('context.stream("stdout", `${(word as Word).text}\\n`)'));
  expect((await nb.run('%load_ext ./mine.ts')).out).toBe('./mine.ts: %typed\n');
  expect((await nb.run('%typed')).out).toBe('typed\n');
  write(nb, 'mine.ts', magic('throw new Error("typed fault")'));
  expect((await nb.run('%load_ext ./mine.ts')).error).toBe('');
  const failed = (await nb.run('%typed')).error;
  expect(failed).toContain('typed fault');
  expect(failed).toContain(`at ${join(nb.kernel.directory, 'mine.ts')}:8`);
  write(nb, 'bad.ts', 'interface A {\n  a: number;\n}\nexport const x: A = ;\n');
  expect((await nb.run('%load_ext ./bad.ts')).error).toContain(`at ${join(nb.kernel.directory, 'bad.ts')}:4`);
});

test('a magic of an extension that throws is an error of its cell, with the line of the module', async () => {
  await using nb = await openTestNotebook();
  mkdirSync(join(nb.kernel.directory, 'node_modules/weft-bad'), {recursive: true});
  write(nb, 'node_modules/weft-bad/package.json', '{"name": "weft-bad", "exports": {"import": "./main.mjs"}}');
  write(
    nb,
    'node_modules/weft-bad/main.mjs',
    `export default {register(kernel) {
  const bash = kernel.task('bash');
  const shape = name => ({...bash.shape, name});
  kernel.lineMagic({shape: {name: 'bad', use: 'line', options: {}, body: 'none'}, summary: '', example: '', async run() {
    null.x;
  }});
  kernel.taskMagic({...bash, shape: shape('bad_read'), read() { throw new Error('read it'); }});
  kernel.taskMagic({...bash, shape: shape('bad_kind'), kindOf() { throw new Error('kind'); }});
  kernel.taskMagic({...bash, shape: shape('bad_draft'), async draft() { throw new Error('draft'); }});
}};`,
  );
  expect((await nb.run('%load_ext weft-bad')).error).toBe('');
  const bad = await nb.run('%bad');
  expect(bad.error).toMatch(/W9104: `%bad` of `weft-bad` failed: TypeError/);
  expect(bad.error).toContain('main.mjs:5');
  for (const [name, line] of [
    ['bad_read', 7],
    ['bad_kind', 8],
    ['bad_draft', 9],
  ] as const) {
    const seen = await nb.run(`%%${name} --as x\ntrue`);
    expect(seen.error).toContain(`W9104: \`%%${name}\` of \`weft-bad\` failed`);
    expect(seen.error).toContain(`main.mjs:${line}`);
  }
  write(nb, 'later.js', 'export default () => {\n  setTimeout(() => null.x, 50);\n};');
  await nb.run('%load_ext ./later.js');
  const later = await nb.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('an extension failed'));
  expect(later.content).toMatchObject({name: 'stderr', text: expect.stringContaining('later.js:2')});
  expect(await nb.value('1 + 1')).toBe('2');
});

test('a module that spins, or a magic that does, is ended and says where; the kernel and its tasks go on', async () => {
  await using nb = await openTestNotebook();
  write(nb, 'waits.js', 'await new Promise(() => undefined);\nexport const register = () => undefined;');
  const waiting = nb.run('%load_ext ./waits.js');
  await nb.run('%%bash --as task --value\nsleep 1; echo 1');
  expect((await waiting).error).toMatch(/W9101.*not loaded after 10 s.*waits\.js:1/s);
  write(nb, 'spins.js', 'let n = 0;\n\nwhile (n >= 0) n = (n + 1) % 10;\n');
  const spun = await nb.run('%load_ext ./spins.js');
  expect(spun.error).toMatch(/W9101.*held up the kernel for 5 s.*spins\.js:3/s);
  write(nb, 'magic.js', says('spin', 'x').replace(/run: .*/, 'run: async () => {\nawait null;\nfor (;;);\n},'));
  await nb.run('%load_ext ./magic.js');
  const magic = await nb.run('%spin');
  expect(magic.error).toMatch(/W9104.*held up the kernel.*magic\.js:6/s);
  expect(await nb.value('await task')).toBe('1');
  expect((await nb.run('%%bash --as more --value\necho 2')).error).toBe('');
  expect(await nb.value('await more')).toBe('2');
  // Nothing but the end of the process helps where Node itself has called the code that spins.
  write(nb, 'timer.js', 'export default () => {\n  setTimeout(() => {\n    for (;;);\n  }, 50);\n};');
  void nb.run('%load_ext ./timer.js').catch(() => undefined);
  expect((await nb.kernel.exited).signal).toBe('SIGKILL');
  expect(nb.kernel.log).toMatch(/an extension holds up the kernel at .*timer\.js.*:3; the kernel ends/);
}, 90_000);

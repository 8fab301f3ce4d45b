import {mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** Bash that goes on once a file is there. */
const until = (file: string): string => `while [[ ! -e '${file}' ]]; do read -t 0.02 <> <(:) || true; done`;

/** The file of a name in the only result of a store that has it. */
function publishedFile(directory: string, name: string): string {
  const work = join(directory, '.weft', 'work');
  // Not behind links.
  const found = readdirSync(work, {recursive: true, withFileTypes: true}).filter(
    entry => entry.name === name && !entry.parentPath.includes('.dead-'),
  );
  if (found.length !== 1) throw new Error(`${found.length} of ${name}`);
  return join(found[0]?.parentPath ?? '', name);
}

test('a file that is edited while its task waits is not read as what it was', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  writeFileSync(folder.at('in.txt'), 'old\n');
  await notebook.run(`%%bash --as slow\n${until(folder.at('gate'))}\necho 1 > o`);
  const cell = `%%bash --as late --from slow --in in.txt --out o\ntouch '${folder.at('ran')}'; cat in.txt > o`;
  await notebook.run(cell);
  writeFileSync(folder.at('in.txt'), 'new\n');
  writeFileSync(folder.at('gate'), '');
  const {error} = await notebook.run('await late');
  expect(error).toContain('what it reads was changed');
  expect(error).toContain('in.txt has other content than when the cell ran; run the cell again');
  expect(readdirSync(folder.path)).not.toContain('ran');
  writeFileSync(folder.at('in.txt'), 'old\n');
  await notebook.run(cell);
  expect(await notebook.value('(await late).text()')).toBe(String.raw`'old\n'`);
});

test('a file of input or code that is edited while its task runs makes no result', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  writeFileSync(folder.at('code.py'), 'a');
  mkdirSync(folder.at('d'));
  writeFileSync(folder.at('d/in.txt'), 'old\n');
  for (const [file, cell] of [
    ['d/in.txt', '%%bash --as t --in d'],
    ['code.py', '%code code.py\n=====\n%%bash --as t'],
  ] as const) {
    const gate = folder.at(`gate ${file.length}`);
    const begun = folder.at(`begun ${file.length}`);
    const cells = `${cell}\ntouch '${begun}'; ${until(gate)}\necho 1 > o`.split('\n=====\n');
    const before = readFileSync(folder.at(file));
    for (const one of cells) await notebook.run(one);
    await expect.poll(() => readdirSync(folder.path)).toContain(`begun ${file.length}`);
    writeFileSync(folder.at(file), 'changed');
    writeFileSync(gate, '');
    expect((await notebook.run('await t')).error, file).toContain(`${file} has other content`);
    writeFileSync(folder.at(file), before);
    for (const one of cells) await notebook.run(one);
    expect((await notebook.run('%wait t')).shown, file).toContain('done');
  }
});

test('a result that was changed or removed just now is made again before it is read', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run('%%bash --as source\necho right > of-source');
  await notebook.run('await source');
  writeFileSync(publishedFile(folder.path, 'of-source'), 'wrong\n');
  await notebook.run('%%bash --as reader --from source\ncat "$source/of-source" > o');
  expect(await notebook.value('(await reader).text()')).toBe(String.raw`'right\n'`);

  rmSync(publishedFile(folder.path, 'of-source'));
  await notebook.run('%%bash --as second --from source\necho 2; cat "$source/of-source" > o');
  expect(await notebook.value('(await second).text()')).toBe(String.raw`'right\n'`);

  // It waits for something else meanwhile.
  await notebook.run(`%%bash --as slow\n${until(folder.at('gate'))}\necho 1 > o`);
  await notebook.run('%%bash --as third --from source --from slow\ncat "$source/of-source" > o');
  writeFileSync(publishedFile(folder.path, 'of-source'), 'wrong\n');
  writeFileSync(folder.at('gate'), '');
  expect(await notebook.value('(await third).text()')).toBe(String.raw`'right\n'`);
});

test('a task whose input is changed while it reads it runs again, and fails where it changes that itself', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  await notebook.run('%%bash --as source\necho right > of-source');
  await notebook.run('await source');
  const [begun, gate] = [folder.at('begun'), folder.at('gate')];
  await notebook.run(
    `%%bash --as reader --from source\ncp "$source/of-source" first; touch '${begun}'; ${until(gate)}\ncat "$source/of-source" first > o`,
  );
  await expect.poll(() => readdirSync(folder.path)).toContain('begun');
  writeFileSync(publishedFile(folder.path, 'of-source'), 'wrong\n');
  writeFileSync(gate, '');
  expect(await notebook.value('(await reader).text("o")')).toBe(String.raw`'right\nright\n'`);

  await notebook.run('%%bash --as self --from source\necho more >> "$source/of-source"');
  const {error} = await notebook.run('await self');
  expect(error).toContain('what it reads was changed: source: of-source has another size');
  expect(error).toContain('nothing may write to what is published');
});

test('what is forced while a task reads it is read again', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  writeFileSync(folder.at('state'), 'one');
  await notebook.run(`%%bash --as source\ncat '${folder.at('state')}' > of-source`);
  await notebook.run('await source');
  const [begun, gate] = [folder.at('begun'), folder.at('gate')];
  await notebook.run(
    `%%bash --as reader --from source\ncp "$source/of-source" first; touch '${begun}'; ${until(gate)}\ncp "$source/of-source" second`,
  );
  await expect.poll(() => readdirSync(folder.path)).toContain('begun');
  writeFileSync(folder.at('state'), 'two');
  await notebook.run('%force source\n%wait source');
  writeFileSync(gate, '');
  expect(await notebook.value('[(await reader).text("first"), (await reader).text("second")]')).toBe(
    "[ 'two', 'two' ]",
  );
});

test('what lies behind a link that a task leaves is not its own, and stays there', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  mkdirSync(folder.at('precious/inner'), {recursive: true});
  writeFileSync(folder.at('precious/inner/a'), 'a');
  await notebook.run('%%bash --as source\necho keep > of-source');
  await notebook.run(
    `%%bash --as named --from source --out o\nln -s "$source" mine; ln -s '${folder.at('precious')}' p; cat mine/of-source > o`,
  );
  await notebook.run(`%%bash --as whole --from source\nln -s "$source" mine; ln -s . loop; ln -s . other; touch x`);
  expect(await notebook.value('[(await named).files, (await whole).files]')).toBe(
    "[ [ 'o' ], [ 'loop', 'mine', 'other', 'x' ] ]",
  );
  expect(readdirSync(folder.at('precious'), {recursive: true})).toContain('inner/a');
  expect(readFileSync(publishedFile(folder.path, 'of-source'), 'utf8')).toBe('keep\n');
});

test('links that lead back to their directory are no endless input', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  mkdirSync(folder.at('d'));
  writeFileSync(folder.at('d/x'), 'x');
  for (const name of ['a', 'b', 'c']) symlinkSync('.', folder.at(`d/${name}`));
  await notebook.run('%%bash --as t --in d --out o\ncat d/x > o');
  expect(await notebook.value('(await t).text()')).toBe("'x'");
});

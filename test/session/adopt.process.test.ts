import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** The manifests of a notebook's results. */
function manifests(directory: string): readonly Record<string, unknown>[] {
  const work = join(directory, '.weft/work');
  return readdirSync(work, {recursive: true, encoding: 'utf8'})
    .filter(path => path.endsWith('.weft.json'))
    .map(path => JSON.parse(readFileSync(join(work, path), 'utf8')) as Record<string, unknown>);
}

test('an old result is accepted in place of a run that is under way, and everywhere it is said that it was', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  const old = '%%bash --as result\necho one > out.txt\n';
  const edited = `${old}sleep 60\n`;
  const reader = '%%bash --as reader --from result\ncat "$result/out.txt" > copy.txt\n';
  {
    await using notebook = await openTestNotebook({directory});
    await notebook.run(old);
    await notebook.run('%wait');
    await notebook.run(edited);
    await notebook.run(reader);
    const adopted = await notebook.run('%adopt result');
    expect(adopted.error).toBe('');
    expect(adopted.out).toMatch(/^result: adopted the result [0-9a-f]{12}, which ran .* on \S+/);
    await notebook.run('%wait');
    expect(await notebook.value('(await result).text("out.txt")')).toBe("'one\\n'");
    // What was blocked by it goes on.
    expect(await notebook.value('(await reader).text("copy.txt")')).toBe("'one\\n'");
    const shown = (await notebook.run('%status result')).shown;
    expect(shown).toMatch(/adopted by \S+@/);
    expect((await notebook.run('%history')).shown).toMatch(/result +adopted by \S+@/);
    const why = await notebook.run('%why result');
    expect(why.out + why.shown).toMatch(/adopted by/);
    expect(why.out + why.shown).toContain('sleep 60');
    const again = await notebook.run('%adopt result');
    expect(again.error).toMatch(/W7051[^]*done already/);
    await notebook.kernel.shutdown();
  }
  const [adopted] = manifests(directory).filter(({adopted}) => adopted !== undefined);
  const [first] = manifests(directory).filter(({label, adopted}) => label === 'result' && adopted === undefined);
  expect(adopted?.['adoptedFrom']).toBe(first?.['fingerprint']);
  expect(JSON.stringify(adopted?.['recipe'])).toContain('sleep 60');
  // The next kernel finds it, and so do those who read it.
  await using notebook = await openTestNotebook({directory});
  await notebook.run(edited);
  await notebook.run(reader);
  await notebook.run('%wait');
  expect((await notebook.run('%log reader')).out).toContain('cached');
  expect((await notebook.run('%log result')).out).toContain('cached');
  await notebook.kernel.shutdown();
});

test('what has nothing to adopt says why: no earlier result, a changed one, no name', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await using notebook = await openTestNotebook({directory});
  await notebook.run('%%bash --as fresh\nsleep 60\n');
  expect((await notebook.run('%adopt fresh')).error).toMatch(/W7051[^]*there is no earlier result of fresh/);
  expect((await notebook.run('%adopt')).error).toContain('W2037');
  expect((await notebook.run('%adopt nothing')).error).toContain('W2034');
  await notebook.run('%cancel fresh');
  await notebook.run('%%bash --as made\necho one > out.txt\n');
  await notebook.run('%wait made');
  const path = await notebook.value('(await made).path');
  writeFileSync(join((path ?? '').slice(1, -1), 'out.txt'), 'edited');
  await notebook.run('%%bash --as made\necho one > out.txt; exit 3\n');
  await notebook.run('%wait made');
  expect((await notebook.run('%adopt made')).error).toMatch(/W7051[^]*not what it was: out\.txt has another size/);
  await notebook.kernel.shutdown();
});

test('`%adopt` starts nothing over: neither what it could not adopt, nor what failed above what it has adopted', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const tries = folder.at('tries');
  const count = (): number => readFileSync(tries, 'utf8').length;
  await notebook.run('%%bash --as above\necho 1 > o\n');
  await notebook.run('%%bash --as below --from above\necho 1 > o\n');
  await notebook.run('%wait');
  await notebook.run(`%%bash --as above\nprintf x >> ${tries}; exit 1\n`);
  await notebook.run('%%bash --as below --from above\necho 1 > o\n');
  await notebook.run('%%bash --as other --from above\necho other > o\n');
  await notebook.run('%wait');
  expect(count()).toBe(1);
  expect((await notebook.run('%adopt other')).error).toContain('there is no earlier result of other');
  expect((await notebook.run('%adopt below')).out).toContain('below: adopted the result');
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).toMatch(/above +failed[^]*below +done[^]*other +blocked/);
  expect(count()).toBe(1);
});

test('of a set what is not done is adopted, each its own; a value too', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await using notebook = await openTestNotebook({directory});
  const cell = (more = '', list = 'a, b'): string =>
    `%%foreach x in [${list}]\n%%bash --as values --value --with x\necho "\\"$x\\""\n${more}`;
  await notebook.run(cell());
  await notebook.run('%wait');
  await notebook.run(cell('exit 3', 'a, b, c'));
  await notebook.run('%wait');
  const adopted = await notebook.run('%adopt values');
  expect(adopted.out.match(/adopted the result/g)).toHaveLength(2);
  expect(adopted.error).toMatch(/W7051[^]*`values\[c\]` can't be adopted: there is no earlier result/);
  await notebook.run('%wait values[a] values[b]');
  expect(await notebook.value('[await values["a"], await values["b"]]')).toContain("'a', 'b'");
  await notebook.kernel.shutdown();
});

test('files of an adopted result are links to the old ones, and stay when those are removed', async () => {
  using folder = scratch();
  const directory = folder.at('notebook');
  mkdirSync(directory);
  await using notebook = await openTestNotebook({directory});
  await notebook.run('%%bash --as made\nmkdir -p deep/er; echo one > deep/er/out.txt\n');
  await notebook.run('%wait');
  const old = ((await notebook.value('(await made).path')) ?? '').slice(1, -1);
  await notebook.run('%%bash --as made\nmkdir -p deep/er; echo two > deep/er/out.txt; exit 1\n');
  await notebook.run('%wait');
  expect((await notebook.run('%adopt made')).error).toBe('');
  await notebook.run('%wait');
  const path = ((await notebook.value('(await made).path')) ?? '').slice(1, -1);
  expect(path).not.toBe(old);
  expect(statSync(join(path, 'deep/er/out.txt')).ino).toBe(statSync(join(old, 'deep/er/out.txt')).ino);
  expect((await notebook.run('%cleanup --yes')).out).toContain('removed 1 result ');
  expect(readFileSync(join(path, 'deep/er/out.txt'), 'utf8')).toBe('one\n');
  expect((await notebook.run('%cache verify content')).out).toContain('all results are as they were recorded');
  await notebook.kernel.shutdown();
});

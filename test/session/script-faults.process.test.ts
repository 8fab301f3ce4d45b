import {mkdirSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('a variable that could not be given is not said to be missing too', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('const nan = NaN');
  const {error} = await notebook.run('%%bash --with nan --from nope\necho $nan $nope');
  expect(error).toContain('W2032');
  expect(error).toContain('W2034');
  expect(error).not.toContain('W6003');
});

test('a loop variable or an input that bash sets by itself is an error', async () => {
  await using notebook = await openTestNotebook();
  const {error} = await notebook.run('%%foreach RANDOM in [1]\n%%bash --with SECONDS=3 --from x=nope\necho $RANDOM');
  expect(error).toMatch(/:1:11 {2}W6001 {2}`RANDOM` is a variable that bash sets by itself/);
  expect(error).toContain('`SECONDS` is a variable that bash sets by itself');
});

test('a whole number that JavaScript would round is no value', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as big --value\necho \'{"a": 12345678901234567890}\'');
  expect((await notebook.run('await big')).error).toContain('print it as a text, "12345678901234567890"');
});

test('what a script leaves is its result, whatever its name, or the task fails and names it', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const left = 'ln -s . loop; mkdir -p .weft/x sub; touch .weft/x/y .weftfoo sub/.weft.json';
  await notebook.run(`%%bash --as kept\n${left}`);
  expect(await notebook.value('(await kept).files.join()')).toBe("'.weft/x/y,.weftfoo,loop,sub/.weft.json'");
  await notebook.run(`%%bash --as own\ntouch .weft.mine`);
  expect((await notebook.run('await own')).error).toContain('made `.weft.mine`, and names that begin with `.weft.`');
  for (const [name, script] of [
    ['file', "touch a $'b\\xff.txt'"],
    ['directory', "touch a; mkdir $'b\\xff'"],
  ] as const) {
    await notebook.run(`%%bash --as ${name} --out a\n${script}`);
    expect((await notebook.run(`await ${name}`)).error).toContain('whose name is no UTF-8');
  }
  mkdirSync(folder.at('in'));
  for (const name of ['a', '.weftfoo', '.weft.log']) writeFileSync(folder.at('in', name), '');
  await notebook.run('%%bash --as listed --in in --out l\nls -A in | sort | paste -sd, > l');
  expect(await notebook.value("(await listed).text('l')")).toBe("'.weftfoo,a\\n'");
  writeFileSync(Buffer.concat([Buffer.from(folder.at('in/c')), Buffer.from([0xff])]), '');
  expect((await notebook.run('%%bash --in in\ntrue')).error).toMatch(/W7001[^]*in\/c.*` is no UTF-8/);
});

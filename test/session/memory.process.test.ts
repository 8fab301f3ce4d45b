import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {until} from '../run/local/executor-rig.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** Takes 120 MB, and a number of its tries from a file of the notebook. */
const big = (limit: string, tries: string): string =>
  `%%bash --as big --mem ${limit}\necho x >> ${tries}\nhead -c 120M /dev/zero | tail -c 120M | sleep 60`;

test('a task over its `--mem` fails, says how much it took and what to do, and is never taken for done', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const tries = (): number => readFileSync(folder.at('tries'), 'utf8').length / 2;
  await notebook.run(big('60M', folder.at('tries')));
  const {shown} = await notebook.run('%wait big');
  expect(shown).toMatch(/took \d+M of memory, over its --mem 60M, and was ended/);
  expect(shown).toContain('ask for more with --mem');
  expect((await notebook.run('await big')).error).toMatch(/big failed: took \d+M of memory, over its --mem 60M/);
  expect(tries()).toBe(1);
  await notebook.run(big('60M', folder.at('tries')));
  await notebook.run('%wait big');
  expect(tries()).toBe(2);
  const python = 'import subprocess\nsubprocess.run("head -c 120M /dev/zero | tail -c 120M | sleep 60", shell=True)';
  await notebook.run(`const called = python(${JSON.stringify(python)}, {mem: '60M'})`);
  expect((await notebook.run('await called')).error).toMatch(/over its --mem 60M/);
});

test('its memory ends a task whose kernel has died, and the next kernel tells', async () => {
  using folder = scratch();
  const directory = folder.path;
  const cell = `%%bash --as late --mem 60M\nuntil [ -e ${folder.at('go')} ]; do read -r -t 0.1 <> <(:) || true; done\n${big('', '').split('\n')[2]}`;
  {
    await using notebook = await openTestNotebook({directory});
    await notebook.run(cell);
    await notebook.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
    await notebook.kernel.kill();
  }
  writeFileSync(folder.at('go'), '');
  const exits = (): string => {
    const [found] = readdirSync(folder.at('.weft/work'), {recursive: true, encoding: 'utf8'}).filter(path =>
      path.endsWith('.weft.exit'),
    );
    return found === undefined ? '' : readFileSync(folder.at('.weft/work', found), 'utf8');
  };
  await until('its runner has ended it', () => exits().endsWith('\n'));
  expect(exits()).toMatch(/ memory \d+\n$/);
  await using notebook = await openTestNotebook({directory});
  await notebook.run(cell);
  expect((await notebook.run('%wait late')).shown).toMatch(/took \d+M of memory, over its --mem 60M/);
});

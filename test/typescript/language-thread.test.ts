import {writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {LanguageThread} from '../../kernel/typescript/language-thread.js';
import {scratch} from '../rig/scratch.js';

const answers = async (thread: LanguageThread): Promise<readonly unknown[]> =>
  Promise.all([thread.check([{key: '1', code: '1'}], []), thread.complete('a', 1, []), thread.inspect('a', 1, [])]);

test('a thread that ends is started again, three times; what it was asked has no answer, and nothing throws', async () => {
  using folder = scratch();
  const path = folder.at('broken.mjs');
  writeFileSync(path, 'throw new Error("no typescript here")');
  const lines: string[] = [];
  const thread = new LanguageThread({path, directory: folder.path, declarations: '', log: line => lines.push(line)});
  for (let round = 0; round < 5; round++) {
    expect(await answers(thread)).toEqual([undefined, undefined, undefined]);
    expect([thread.warm, thread.busy]).toEqual([false, false]);
  }
  expect(lines).toEqual(Array.from({length: 3}, () => 'weft: the language service has ended: no typescript here'));
  await thread.close();
});

test('a fresh thread is told what the one before it knew', async () => {
  using folder = scratch();
  const path = folder.at('echo.mjs');
  // It answers with the names it knows, and ends when it is asked to inspect.
  writeFileSync(
    path,
    `import {parentPort} from 'node:worker_threads';
    const names = [];
    parentPort.on('message', message => {
      if (message.type === 'known') names.push(...message.known.map(each => each.name));
      if (message.type === 'inspect') process.exit(0);
      if (message.type !== 'complete') return;
      const completions = {matches: names.map(text => ({text, type: ''})), start: 0, end: 0, member: false};
      parentPort.postMessage({type: 'completed', id: message.id, completions});
    });`,
  );
  const thread = new LanguageThread({path, directory: folder.path, declarations: '', log: () => undefined});
  const known = async (): Promise<readonly string[] | undefined> =>
    (await thread.complete('', 0, []))?.matches.map(({text}) => text);
  thread.know({is: 'name', name: 'a', type: 'any'});
  expect(await known()).toEqual(['a']);
  thread.know({is: 'name', name: 'b', type: 'any'});
  expect(await known()).toEqual(['a', 'b']);
  expect(await thread.inspect('', 0, [])).toBe(undefined);
  expect(await known()).toEqual(['a', 'b']);
  await thread.close();
  expect(await known()).toBe(undefined);
});

test('without its bundle there is no thread, and no answer', async () => {
  using folder = scratch();
  const path = folder.at('nothing.js');
  const thread = new LanguageThread({path, directory: folder.path, declarations: '', log: () => undefined});
  expect(await answers(thread)).toEqual([undefined, undefined, undefined]);
});

import {expect, test} from 'vitest';
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
  expect(error).toContain('`RANDOM` is a variable that bash sets by itself');
  expect(error).toContain('`SECONDS` is a variable that bash sets by itself');
});

test('a whole number that JavaScript would round is no value', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%bash --as big --value\necho \'{"a": 12345678901234567890}\'');
  expect((await notebook.run('await big')).error).toContain('print it as a text, "12345678901234567890"');
});

import {expect, test} from 'vitest';
import {openTestNotebook} from './notebook.js';

test('a cell that settles is over when its tasks are, and an interrupt ends the waiting, not the task', async () => {
  await using nb = await openTestNotebook({env: {WEFT_SETTLE: 'cell'}});
  const {client} = nb.kernel;
  expect((await nb.run('%config settle')).out).toBe('cell\n');
  expect((await nb.run('%%foreach i in 1..2\n%%bash --as quick --value\nsleep 0.3; echo $i')).shown).toContain(
    '2 of 2 done',
  );
  await nb.run('%config settle later');
  await nb.run('%%bash --as list --value\nsleep 0.5; echo "[1, 2]"');
  await nb.run('%config settle cell');
  // What the loop goes over is not known when its cell is read.
  expect((await nb.run('%%foreach j in list\n%%bash --as late --value\necho $j')).shown).toContain('2 of 2 done');
  const code = '%%bash --as slow --value\nuntil [ -e "$STOP" ]; do sleep 0.05; done; echo 5';
  await nb.run(`%env STOP=${nb.kernel.directory}/stop`);
  const slow = client.start(code, {stopOnError: false});
  await client.waitFor(
    ({header, content}) =>
      header.msg_type === 'update_display_data' &&
      JSON.stringify(content).includes('slow') &&
      JSON.stringify(content).includes('running'),
  );
  await client.interrupt();
  expect((await slow.done).outputs.error?.ename).toBe('KernelInterrupt');
  await nb.run('%config settle later');
  expect((await nb.run('%%bash --as other\ntouch "$STOP"')).error).toBe('');
  expect(await nb.value('await slow')).toBe('5');
});

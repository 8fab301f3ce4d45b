import {expect, test} from 'vitest';
import {installed} from './installed.js';

const rig = installed(tree => ({'later:1': {tree, pull: 'READY'}, 'broken:1': {tree, pull: 'FAILURE'}}));
const down = installed(undefined, {gateway: 'down'});
const shifterimg = (...words: readonly string[]) => rig.run(['shifterimg', ...words]);
const id = () => rig.fakes.images['good:1']!.id;

test.each([['docker:good:1'], ['good:1']])('lookup of %s prints the whole id', async name => {
  expect(await shifterimg('lookup', name)).toEqual({status: 0, stdout: `${id()}\n`, stderr: ''});
});

test.each([['docker:nope:1'], ['id:0123'], ['later:1']])('lookup of %s prints nothing: 1', async name => {
  expect(await shifterimg('lookup', name)).toEqual({status: 1, stdout: '', stderr: ''});
});

test('lookup of nothing prints nothing: 1', async () => {
  expect(await shifterimg('lookup')).toEqual({status: 1, stdout: '', stderr: ''});
});

test('a talkative lookup prints the gateway’s message before the id', async () => {
  const {stdout} = await shifterimg('-v', 'lookup', 'good:1');
  expect(stdout).toMatch(/^Message: \{.*\}\n[0-9a-f]{64}\n$/);
  const none = await shifterimg('--verbose', 'lookup', 'nope:1');
  expect(none).toMatchObject({status: 1});
  expect(none.stdout).toMatch(/^Got response: 404\nMessage: /);
});

test('a gateway that is down is said on stdout', async () => {
  const ended = await down.run(['shifterimg', 'lookup', 'good:1']);
  expect(ended).toEqual({status: 1, stdout: 'ERROR: failed to contact the image gateway.\n', stderr: ''});
});

test('images shows ten digits of the id', async () => {
  const {stdout} = await shifterimg('images');
  expect(stdout.split('\n')[0]).toMatch(
    new RegExp(
      String.raw`^\S{1,10} +docker     READY    ${id().slice(0, 10)}   \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d good:1 *$`,
    ),
  );
});

test('pull writes again and again on one line, and then the image is there', async () => {
  const {status, stdout} = await shifterimg('pull', 'docker:later:1');
  expect(status).toBe(0);
  const steps = stdout.trimEnd().split('\r\u001b[2K').slice(1);
  expect(steps.map(step => /, status: (\w+)$/.exec(step)?.[1])).toEqual(['INIT', 'PULLING', 'PULLING', 'READY']);
  expect(steps[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d Pulling Image: docker:later:1,/);
  expect((await shifterimg('lookup', 'later:1')).status).toBe(0);
});

test.each([['broken:1'], ['nosuch:1']])('a pull of %s fails and exits 0', async name => {
  const {status, stdout} = await shifterimg('pull', name);
  expect({status, last: stdout.trimEnd().split(' ').at(-1)}).toEqual({status: 0, last: 'FAILURE'});
  expect((await shifterimg('lookup', name)).status).toBe(1);
});

test.each([
  [[], 'Must specify mode (images, lookup, pull)!\n'],
  [['bogus'], 'Invalid mode specified\n'],
  [['-u', 'me', 'images'], "shifterimg: invalid option -- 'u'\n"],
  [['-g', 'us', 'images'], "shifterimg: invalid option -- 'g'\n"],
])('%j is refused with the usage on stdout', async (words, stderr) => {
  const ended = await shifterimg(...words);
  expect(ended).toMatchObject({status: 1, stderr});
  expect(ended.stdout).toMatch(/^Usage:/);
});

test('--user and --group are taken', async () => {
  expect((await shifterimg('--user', 'me', '--group=us', 'pull', 'good:1')).status).toBe(0);
});

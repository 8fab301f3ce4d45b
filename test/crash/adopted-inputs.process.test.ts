import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {CrashRig} from './crash-rig.js';

const readTwice = 'cp "$source/out.txt" second; cat first second > out.txt; rm first second';

/** A source, and a reader of it that has read one half when its kernel is killed. */
async function readerLeftAlone(rig: CrashRig): Promise<readonly [string, string]> {
  rig.open('source');
  writeFileSync(rig.at('state'), 'one');
  const source = `%%bash --as source\n${rig.body('source', `cat ${rig.at('state')} > out.txt`)}`;
  const reader = `%%bash --as reader --from source\ncp "$source/out.txt" first\n${rig.body('reader', readTwice)}`;
  await using kernel = await rig.start();
  await kernel.client.execute(source);
  await kernel.client.execute('await source');
  await kernel.client.execute(reader);
  await rig.begun('reader');
  await kernel.kill();
  return [source, reader];
}

test('an adopted task that has read what was damaged and made again meanwhile runs once more', async () => {
  using rig = new CrashRig();
  const [source, reader] = await readerLeftAlone(rig);
  writeFileSync(join(await rig.result('source'), 'out.txt'), 'wrong');
  await using kernel = await rig.start();
  await kernel.client.execute(source);
  await kernel.client.execute('await source');
  await kernel.client.execute(reader);
  await kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  rig.open();
  expect((await kernel.client.execute('(await reader).text("out.txt")')).outputs.text).toBe("'oneone'");
  expect(rig.ran).toEqual(['source', 'reader', 'source', 'reader']);
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

test('an adopted task whose input was forced meanwhile reads it again, and its record tells what it has read', async () => {
  using rig = new CrashRig();
  const [source, reader] = await readerLeftAlone(rig);
  writeFileSync(rig.at('state'), 'two');
  await using kernel = await rig.start();
  await kernel.client.execute(source);
  await kernel.client.execute('%force source\n%wait source');
  await kernel.client.execute(reader);
  await kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  rig.open();
  expect((await kernel.client.execute('(await reader).text("out.txt")')).outputs.text).toBe("'twotwo'");
  const manifest = readFileSync(join(await rig.result('reader'), '.weft.json'), 'utf8');
  expect(manifest).toContain(`"${rig.fingerprint('source')}":2`);
});

test('an adopted task whose input stayed as it was is published, and leaves no note of it', async () => {
  using rig = new CrashRig();
  const [source, reader] = await readerLeftAlone(rig);
  await using kernel = await rig.start();
  await kernel.client.execute(source);
  await kernel.client.execute(reader);
  await kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running'));
  rig.open();
  expect((await kernel.client.execute('(await reader).text("out.txt")')).outputs.text).toBe("'oneone'");
  expect(rig.ran).toEqual(['source', 'reader']);
  expect(readdirSync(await rig.result('reader')).toSorted()).toEqual(['.weft.json', '.weft.log', 'out.txt']);
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});

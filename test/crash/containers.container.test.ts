import {writeFileSync} from 'node:fs';
import {delimiter, dirname} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {runProgram} from '../../kernel/run/containers/run-program.js';
import type {Machine} from '../../kernel/run/containers/runtime.js';
import {runtimes} from '../../kernel/run/containers/runtimes.js';
import {found, need} from '../rig/component.js';
import {givenEngines} from '../rig/engines/given.js';
import type {Kernel} from '../rig/kernel.js';
import {CrashRig, runCells} from './crash-rig.js';

const {podman, docker, image} = givenEngines();
const COUNT = 20;
const numbers = Array.from({length: COUNT}, (_, i) => String(i + 1));

describe.each([
  ['podman', podman],
  ['docker', docker],
] as const)('%s', (name, engine) => {
  beforeEach(context => need(context, engine, image));

  test(
    `a kernel is killed while ${COUNT} containers run: the next one attaches to all, and nothing runs twice`,
    {timeout: 240_000},
    async () => {
      using rig = new CrashRig();
      writeFileSync(rig.at('opened'), '');
      const {program, env} = found(engine);
      const environment = {
        ...env,
        HOME: rig.at(),
        PATH: [dirname(program), process.env['PATH'] ?? ''].join(delimiter),
        WEFT_SLOTS: String(COUNT),
      };
      const cells = [
        `%container ${name}:${found(image).name}\n%mount ${rig.at()}`,
        `%%foreach i in [1..${COUNT}]\n%%bash --as many\necho $i >> ${rig.counter}\nuntil [ -e ${rig.at('open-all')} ]; do sleep 0.2; done; echo $i > out.txt`,
      ];
      const runtime = runtimes.find(each => each.name === name)!;
      const machine: Machine = {environment, uid: 0, gid: 0, architecture: 'amd64'};
      const begin = async ({client}: Kernel) => {
        for (const code of cells) {
          const {outputs} = await client.execute(code, {timeout: 60_000});
          expect(outputs.error?.traceback.join('\n')).toBeUndefined();
        }
      };
      const containers = async () => {
        const {left} = runtime;
        const listed = await runProgram(left!.command(`weft.store=${rig.at('notebook', '.weft')}`, machine));
        return left!.read(listed.stdout);
      };
      {
        await using kernel = await rig.start({env: environment});
        await begin(kernel);
        for (const number of numbers) await rig.begun(number);
        await kernel.kill();
      }
      const before = await containers();
      expect(before.filter(({running}) => running)).toHaveLength(COUNT);

      await using kernel = await rig.start({env: environment});
      await begin(kernel);
      await kernel.client.waitFor(({content}) => JSON.stringify(content).includes(`${COUNT} running`));
      expect((await containers()).map(({name: each}) => each).toSorted()).toEqual(
        before.map(({name: each}) => each).toSorted(),
      );
      rig.open();
      const [text] = await runCells(kernel, [cells[1]!]);
      expect(text).not.toMatch(/failed|lost/);
      const made = await kernel.client.execute(
        'console.log([...(await many).values()].map(files => files.text("out.txt").trim()).join())',
        {timeout: 60_000},
      );
      expect(made.outputs.streams.stdout.trim().split(',').toSorted()).toEqual(numbers.toSorted());
      expect(rig.ran.toSorted()).toEqual(numbers.toSorted());
      expect(rig.journal.filter(({is}) => is === 'result')).toHaveLength(COUNT);
      await kernel.shutdown();
      expect(rig.leftovers).toEqual([]);
      expect(await containers()).toEqual([]);
    },
  );
});

import {existsSync, readdirSync, readFileSync, rmSync, truncateSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Place, Scenario} from './scenario.js';

/** A task that leaves a line in a file of the notebook's directory each time it really runs. */
const marked = (place: Place, line: string, rest = 'true'): string => `echo ${line} >> ${place.at('out')}\n${rest}`;

/** TypeScript that waits until a file has a line, and gives it. */
const lineOf = (path: string): string =>
  [
    "const {existsSync, readFileSync} = await import('node:fs');",
    `const path = ${JSON.stringify(path)};`,
    "while (!existsSync(path) || !readFileSync(path, 'utf8').includes('\\n')) await new Promise(go => setTimeout(go, 20));",
  ].join('\n');

/** Whether a process that wrote its number to a file has ended. */
function gone(place: Place, name: string): boolean {
  const pid = Number(place.lines(name)[0]);
  if (!(pid > 1)) throw new Error(`${name} has no process number`);
  return !existsSync(`/proc/${pid}`) || / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Fourteen things that users of notebooks meet when work is cached. The peer's results are made by `parsl_scenarios.py`. */
export const SCENARIOS: readonly Scenario[] = [
  {
    number: 1,
    title: "a command's body is edited; its name and arguments stay",
    wanted: ['v1 1', 'v2 1'],
    play: async place => {
      for (const body of ['v1', 'v2', 'v1', 'v2'])
        await place.run(`%%bash --as step --with x=1\n${marked(place, `${body} $x`)}`);
      return place.lines('out');
    },
  },
  {
    number: 2,
    title: 'two modules have a task of one name',
    wanted: ['A 5', 'B 5'],
    play: async place => {
      for (const letter of ['A', 'B']) {
        const script = JSON.stringify(marked(place, `${letter} $x`));
        place.write(`module-${letter}.mjs`, `export const same = (bash, x) => bash(${script}, {with: {x}});\n`);
      }
      const calls = ['A', 'B'].map(letter => `await (await import('./module-${letter}.mjs')).same(bash, 5);`);
      await place.run(...calls);
      await place.run(...calls);
      return place.lines('out');
    },
  },
  {
    number: 3,
    title: 'a task failed, the cause is mended, the cell runs again in the same kernel',
    wanted: 'fine',
    play: async place => {
      const up = place.at('daemon-is-up');
      const cell = `%%bash --as flaky --value\n[ -e ${up} ] || { echo "the daemon is down" >&2; exit 1; }\necho '"fine"'`;
      const {shown} = await place.run(
        cell,
        'await flaky.catch(error => console.log(error.message))',
        `(await import('node:fs')).writeFileSync(${JSON.stringify(up)}, '')`,
        cell,
        'console.log(`now ${await flaky}`)',
      );
      return shown.includes('flaky failed') ? (/now (\w+)/.exec(shown)?.[1] ?? shown) : `no failure: ${shown}`;
    },
  },
  {
    number: 4,
    title: 'a file is an input of a cached task',
    wanted: ['1'],
    play: async place => {
      place.write('in.txt', '1\n');
      for (let round = 0; round < 2; round++) await place.run(`%%bash --in in.txt\n${marked(place, '$(cat in.txt)')}`);
      return place.lines('out');
    },
  },
  {
    number: 5,
    title: 'the content of an input file changes, and its size does not',
    wanted: ['1', '2'],
    play: async place => {
      for (const content of ['1\n', '2\n', '1\n']) {
        place.write('in.txt', content);
        await place.run(`%%bash --in in.txt\n${marked(place, '$(cat in.txt)')}`);
      }
      return place.lines('out');
    },
  },
  {
    number: 6,
    title: 'an argument of the producer changes, and the consumer reads its file',
    wanted: ['old', 'new'],
    play: async place => {
      for (const word of ['old', 'new', 'old'])
        await place.run(
          `%%bash --as up --with word=${word}\necho "$word" > up.txt`,
          `%%bash --from up\n${marked(place, '$(cat $up/up.txt)')}`,
        );
      return place.lines('out');
    },
  },
  {
    number: 7,
    title: 'the product was deleted',
    wanted: ['made', 'made', 'product'],
    play: async place => {
      const cells = [
        `%%bash --as make --out product\n${marked(place, 'made', 'echo product > product')}`,
        'await make',
      ];
      await place.run(...cells);
      const work = place.at('.weft', 'work');
      const product = (readdirSync(work, {recursive: true}) as string[]).find(path => path.endsWith('/product'))!;
      rmSync(join(work, product));
      const {shown} = await place.run(
        ...cells,
        "console.log(`has ${await make.then(files => files.text('product'))}`)",
      );
      return [...place.lines('out'), /has (\w+)/.exec(shown)?.[1] ?? shown];
    },
  },
  {
    number: 8,
    title: 'the same task is submitted four times at once',
    wanted: 1,
    play: async place => {
      await place.run(
        `await Promise.all([1, 2, 3, 4].map(() => bash(${JSON.stringify(marked(place, 'ran', 'sleep 0.5'))})));`,
      );
      return place.lines('out').length;
    },
  },
  {
    number: 9,
    title: 'arguments of many types: a task has the value, and what can be none is an error before anything runs',
    wanted: ['true', '1', '1.5', 'text', '[1,2]', '{"a":1}', 'an error', 'an error'],
    play: async place => {
      const values = "[true, 1.0, 1.5, 'text', [1, 2], {a: 1}, new Uint8Array([120]), new Set([1, 2])]";
      await place.run(
        [
          "const {appendFileSync} = await import('node:fs');",
          `const say = text => appendFileSync(${JSON.stringify(place.at('out'))}, text + '\\n');`,
          `for (const x of ${values}) {`,
          `  try { say((await (await bash('printf %s "$x" > text', {with: {x}})).text('text'))); }`,
          `  catch (error) { say(error.message.startsWith('options.with.x is a') ? 'an error' : error.message); }`,
          '}',
        ].join('\n'),
      );
      return [...place.lines('out')];
    },
  },
  {
    number: 10,
    title: 'the log has an automatic name: an equal task is no other task for it',
    wanted: ['ran once'],
    play: async place => {
      const cell = `%%bash --as logged\n${marked(place, 'ran once', 'echo the log is here')}`;
      for (let round = 0; round < 2; round++) {
        const {shown} = await place.run(cell, '%log logged');
        if (!shown.includes('the log is here')) throw new Error(`no log: ${shown}`);
      }
      return [...place.lines('out')];
    },
  },
  {
    number: 11,
    title: 'a running command is cancelled',
    wanted: 'cancelled, process gone',
    play: async place => {
      const {shown} = await place.run(
        `%%bash --as sleeper\necho $$ > ${place.at('pid')}\nexec sleep 600`,
        lineOf(place.at('pid')),
        '%cancel sleeper',
        'await sleeper.catch(error => console.log(error.message))',
      );
      const cancelled = shown.includes('sleeper was cancelled') ? 'cancelled' : shown;
      return `${cancelled}, process ${gone(place, 'pid') ? 'gone' : 'runs on'}`;
    },
  },
  {
    number: 12,
    title: 'two slots, and two pieces of code that each wait for a task within',
    wanted: ['inner 1', 'inner 2', 'inner 3'],
    play: async place => {
      await place.run(
        '%executor local --slots 2',
        [
          '%%foreach i in 1..3 --as outer',
          `const inner = bash(${JSON.stringify(marked(place, 'inner $i'))}, {with: {i}});`,
          'await inner;',
          'bash("true", {from: {inner}})',
        ].join('\n'),
        'await outer;',
      );
      return [...place.lines('out')].sort();
    },
  },
  {
    number: 13,
    title: 'a command takes longer than its limit, and so does one that it has started in a session of its own',
    wanted: 'out of time, process gone, child gone',
    play: async place => {
      const [pid, child] = [place.at('pid'), place.at('child')];
      const {shown} = await place.run(
        `%%bash --as sleeper --time 1s\necho $$ > ${pid}\nsetsid bash -c 'echo $$ > ${child}; exec sleep 600' &\nexec sleep 600`,
        'await sleeper.catch(error => console.log(error.message))',
      );
      const ended = (name: string): string => (gone(place, name) ? 'gone' : 'runs on');
      const why = /took longer than its 1\.0 s/.test(shown) ? 'out of time' : shown;
      return `${why}, process ${ended('pid')}, child ${ended('child')}`;
    },
  },
  {
    number: 14,
    title: 'the last 20 bytes of the record of 10 values are lost: how many run again',
    wanted: 'at most 1',
    play: async place => {
      const cell = `%%foreach i in 1..10\n%%bash --value\n${marked(place, '$i', 'echo $i')}`;
      await place.run(cell);
      const runs = place.at('.weft', 'runs');
      const [journal] = readdirSync(runs).filter(name => name.endsWith('.jsonl'));
      truncateSync(join(runs, journal!), statSync(join(runs, journal!)).size - 20);
      await place.run(cell);
      const again = place.lines('out').length - 10;
      return again === 0 || again === 1 ? 'at most 1' : `${again} ran again`;
    },
  },
];

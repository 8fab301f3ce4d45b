// What `npm run check` does: the scripts of package.json below, the longest first, two at a time, so that two cores are busy to the end.
// Prints what failed; exit 1 if anything did. Format remembers what it has seen, in node_modules/.cache.
// The rules of lint:quick are those of ESLint, which takes ten times as long and has the last word in .ci/run.
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';

const root = join(import.meta.dirname, '..');
const {scripts} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
// One process of tests beside the others loads their modules once instead of twice.
const commands = {...scripts, unit: `${scripts.unit} --maxWorkers=1`};
const env = {...process.env, PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH};

/** Runs a script's own command: npm before each would cost a second. */
function run(name) {
  const began = performance.now();
  return new Promise(resolve => {
    const child = spawn(commands[name], {cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe']});
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text));
    child.once('error', error => resolve({name, code: 1, output: error.message}));
    child.once('close', code => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} ${seconds} s`);
      resolve({name, code, output});
    });
  });
}

const waiting = ['unit', 'format', 'lint:quick', 'types', 'dead'];
const failed = [];
async function lane() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const result = await run(name);
    if (result.code !== 0) failed.push(result);
  }
}
await Promise.all([lane(), lane()]);
for (const {name, output} of failed) console.log(`\n== ${name}\n${output.trimEnd()}`);
process.exitCode = failed.length === 0 ? 0 : 1;

// What `npm run check` does: types, lint, format and dead code one after the other, beside them the tests that need no build.
// Prints what failed; exit 1 if anything did. Types, lint and format remember what they have seen, in node_modules/.cache.
import {spawn} from 'node:child_process';

const lanes = [['types', 'lint', 'format', 'dead'], ['unit']];

function run(script) {
  const began = performance.now();
  return new Promise(resolve => {
    const child = spawn('npm', ['run', '--silent', script], {stdio: ['ignore', 'pipe', 'pipe']});
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (output += text));
    child.once('error', error => resolve({script, code: 1, output: error.message}));
    child.once('close', code => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${script} ${seconds} s`);
      resolve({script, code, output});
    });
  });
}

const ended = await Promise.all(
  lanes.map(async scripts => {
    const results = [];
    for (const script of scripts) results.push(await run(script));
    return results;
  }),
);
const failed = ended.flat().filter(({code}) => code !== 0);
for (const {script, output} of failed) console.log(`\n== ${script}\n${output.trimEnd()}`);
process.exitCode = failed.length === 0 ? 0 : 1;

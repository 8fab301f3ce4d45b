import {closeSync, openSync, rmSync} from 'node:fs';
import {once} from 'node:events';
import {join} from 'node:path';
import {digestOf, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import {Claims, type ClaimContent, type Claiming} from '../../kernel/store/claim.js';
import type {Result} from '../../kernel/graph/result.js';

/**
 * Owns each of so many tasks as often as it can get it. While it owns one, it holds a mark that is made with O_EXCL: two owners
 * would collide there. It gives up half of what it owns, and leaves the other half behind as if it had died, for others to take over.
 * Prints how often it owned a task, how often by taking over, and which collided.
 */
const [room = '', name = '', count = '0'] = process.argv.slice(2);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
let [owned, taken] = [0, 0];
const collided: string[] = [];
for (let at = 0; at < Number(count); at++) {
  const claims = new Claims(join(room, 'claims', `${Math.floor(at / 100)}`));
  const fingerprint = digestOf(`${at}`) as string as Fingerprint;
  const mark = join(room, `mark-${at}`);
  for (let round = 0; round < 3; round++) {
    const dies = (at + round + name.charCodeAt(0)) % 2 === 0;
    const kernel = {pid: process.pid, startTime: '1', host: 'h', bootId: 'b'};
    const content: ClaimContent = {
      attempt: `${name}-${round}` as AttemptId,
      directory: '/d',
      kernel,
      at: '2026-10-12T14:03:00.000Z',
    };
    const held = claims.read(fingerprint);
    let made: Result<Claiming, unknown>;
    if (held === undefined) made = claims.claim(fingerprint, content);
    else if (held.content?.job !== 'dead') continue;
    else {
      made = claims.takeOver(held, content);
      if (made.ok && made.value.is === 'ours') taken++;
    }
    if (!made.ok || made.value.is !== 'ours') continue;
    owned++;
    try {
      closeSync(openSync(mark, 'wx'));
    } catch {
      collided.push(`${at} by ${name}`);
    }
    const {number} = made.value.claim;
    const ours = claims.contentOf(fingerprint, number);
    if (!claims.isHeld(made.value.claim) || ours?.attempt !== content.attempt) collided.push(`${at} lost by ${name}`);
    rmSync(mark, {force: true});
    // The last word of who dies: from here on others may take it.
    if (dies) claims.update(made.value.claim, {...content, job: 'dead'});
    else claims.release(made.value.claim);
  }
}
process.stdout.write(`${JSON.stringify({owned, taken, collided})}\n`);
process.exit();

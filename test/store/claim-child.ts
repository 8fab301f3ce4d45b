import {once} from 'node:events';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import {Claims, type Claim} from '../../kernel/store/claim.js';
import {digestOf} from '../../kernel/fingerprint/fingerprint.js';

/** Once told to start, takes over as many tasks as it can from a dead owner, and claims as many free ones. Prints what it owns. */
const [directory = '', name = '', count = '0'] = process.argv.slice(2);
const claims = new Claims(directory);
const kernel = {pid: process.pid, startTime: '1', host: 'h', bootId: 'b'};
const content = {attempt: name as AttemptId, directory: '/d', kernel, at: '2026-10-12T14:03:00.000Z'};

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const owned: string[] = [];
for (let at = 0; at < Number(count); at++) {
  const fingerprint = digestOf(`${at}`) as string as Fingerprint;
  const dead: Claim = {fingerprint, number: 1, content: undefined};
  const made = at % 2 === 0 ? claims.takeOver(dead, content) : claims.claim(fingerprint, content);
  if (made.ok && made.value.is === 'ours') owned.push(`${at}`);
}
process.stdout.write(`${JSON.stringify(owned)}\n`);
claims.close();
process.exit();

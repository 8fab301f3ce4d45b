// Loaded before Weft by `NODE_OPTIONS=--import …`: watches its journals, and says how long after a task's end its line was on the disk.
// WEFT_BENCH_DURABLE names the file that gets a JSON line at the end: how many, and of the delays the median, the 99th percentile and the
// longest, milliseconds; `written` has the same from when the kernel wrote the line, `sync` of the calls of fdatasync alone.
import fs, {writeFileSync} from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';

const target = process.env['WEFT_BENCH_DURABLE'];

/** When the tasks ended whose lines are written and not synced, by the file's descriptor. */
const unsynced = new Map();
const delays = [];
const written = [];
const syncs = [];

const {writeSync} = fs;
fs.writeSync = (descriptor, buffer, ...rest) => {
  const at = performance.now();
  const result = writeSync(descriptor, buffer, ...rest);
  if (buffer instanceof Uint8Array) {
    const ends = unsynced.get(descriptor) ?? [];
    unsynced.set(descriptor, ends);
    for (const line of Buffer.from(buffer).toString().split('\n')) {
      if (!line.startsWith('{"is":"result"')) continue;
      const ended = /"endedAt":"([^"]+)"/.exec(line)?.[1];
      if (ended !== undefined) ends.push({ended: Date.parse(ended), at});
    }
  }
  return result;
};
const {fdatasync} = fs;
fs.fdatasync = (descriptor, told) => {
  const ends = unsynced.get(descriptor)?.splice(0) ?? [];
  const began = performance.now();
  fdatasync(descriptor, error => {
    if (ends.length > 0) syncs.push(performance.now() - began);
    for (const {ended, at} of ends) {
      delays.push(Date.now() - ended);
      written.push(performance.now() - at);
    }
    told(error);
  });
};
syncBuiltinESMExports();

const spread = times => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {median: at(0.5), p99: at(0.99), longest: at(1)};
};
process.on('exit', () => {
  if (target !== undefined && delays.length > 0)
    writeFileSync(
      target,
      JSON.stringify({count: delays.length, ...spread(delays), written: spread(written), sync: spread(syncs)}),
    );
});

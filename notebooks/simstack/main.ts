import {writeSync} from 'node:fs';
import {run} from './program.js';

/** Writes all of the text, however slow the reader of the pipe is. */
function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') process.exit(141);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

process.exitCode = run(process.argv.slice(2), {
  stdout: text => write(1, text),
  stderr: text => write(2, text),
  env: process.env,
  cwd: process.cwd(),
});

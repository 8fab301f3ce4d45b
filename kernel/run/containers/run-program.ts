import {execa} from 'execa';
import type {Ran, RunProgram} from './runtime.js';

/** What a runtime prints is kept up to here, in bytes. */
const MOST = 16 * 2 ** 20;

/** Runs a runtime's program without a shell, its standard input closed. After the limit it gets SIGTERM, and SIGKILL 2 s later. */
export const runProgram: RunProgram = async ({file, args, environment}, {limit, line, signal} = {}): Promise<Ran> => {
  const child = execa(file, args, {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MOST,
    forceKillAfterDelay: 2000,
    ...(limit === undefined ? {} : {timeout: limit}),
    ...(signal === undefined ? {} : {cancelSignal: signal}),
  });
  if (line !== undefined) {
    // Progress is redrawn on one line with carriage returns.
    let rest = '';
    const read = (text: string): void => {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? '';
      for (const each of lines) if (each.trim() !== '') line(each);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
  }
  const ran = await child;
  const error = ran.code;
  return {
    code: ran.exitCode,
    stdout: ran.stdout,
    stderr: ran.stderr,
    timedOut: ran.timedOut,
    ...(ran.signal === undefined ? {} : {signal: ran.signal}),
    ...(ran.exitCode === undefined && error !== undefined ? {error} : {}),
  };
};

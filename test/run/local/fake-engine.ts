import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Command} from '../../../kernel/run/command.js';
import type {Inside, Station, Stop} from '../../../kernel/run/executor.js';

/**
 * What an engine's client does, in bash: a container is a session of its own, which outlives its client. One that gets TERM while it
 * sets up ends with 0, and nothing ran. One whose output nobody reads any more dies.
 */
const client = `#!/bin/bash
echo "$*" >>"$STATE/calls"
case $1 in
  run)
    name=$2; shift 2
    trap 'exit 0' TERM
    sleep "\${SETUP:-0}" & wait $!
    trap 'true' TERM
    setsid bash -c 'echo $$ >"$0.new"; mv "$0.new" "$0.up"; exec "$@"' "$STATE/$name" "$@" <&0 > >(cat || kill -KILL $$) &
    while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || break; done
    rm -f "$STATE/$name.up"
    exit "\${EXIT:-$code}" ;;
  kill) [[ -e $STATE/$2.up ]] && kill -TERM -- "-$(<"$STATE/$2.up")" ;;
  rm) [[ ! -e $STATE/$2.up ]] || kill -KILL $(ps -o pid= -s "$(<"$STATE/$2.up")"); rm -f "$STATE/$2.up" ;;
  hang) sleep 100 ;;
esac
`;

/** How a fake engine behaves. */
export interface FakeOptions {
  /** Seconds from the client's start to the container's. */
  readonly setup?: number;
  /** What the client exits with, whatever the task did. */
  readonly exit?: number;
  /** Its `kill` does not answer. */
  readonly hangs?: boolean;
  readonly session?: boolean;
}

/** An engine of containers with all that it keeps in one directory. */
export class FakeEngine {
  readonly #directory: string;
  readonly #program: string;
  #opened = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#program = join(directory, 'engine');
    mkdirSync(directory, {recursive: true});
    writeFileSync(this.#program, client);
    chmodSync(this.#program, 0o755);
  }

  #command(args: readonly string[], {setup, exit}: FakeOptions = {}): Command {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      STATE: this.#directory,
      ...(setup === undefined ? {} : {SETUP: String(setup)}),
      ...(exit === undefined ? {} : {EXIT: String(exit)}),
    };
    return {file: this.#program, args, environment};
  }

  #stop(name: string, {hangs, session}: FakeOptions): Stop {
    return {
      ask: [this.#command([hangs === true ? 'hang' : 'kill', name])],
      remove: [this.#command(['rm', name])],
      session: session ?? false,
    };
  }

  /** A script in a container of its own. */
  own(name: string, script: string, options: FakeOptions = {}): Inside {
    const argv = ['env', '-i', `WEFT_ATTEMPT=${name}`, `PATH=${process.env['PATH'] ?? ''}`, 'bash', script];
    return {is: 'own', command: this.#command(['run', name, ...argv], options), stop: this.#stop(name, options)};
  }

  /** A container for several jobs. */
  station(key: string, jobs: number, options: FakeOptions = {}): Inside {
    const station: Station = {
      key,
      jobs,
      open: argv => {
        const name = `station-${key}-${process.pid}-${++this.#opened}`;
        return {command: this.#command(['run', name, ...argv], options), stop: this.#stop(name, options)};
      },
    };
    return {is: 'shared', station};
  }

  /** The containers that run now, by name, each with its process. */
  up(): ReadonlyMap<string, number> {
    const names = readdirSync(this.#directory).filter(name => name.endsWith('.up'));
    return new Map(
      names.map(name => [name.slice(0, -3), Number(readFileSync(join(this.#directory, name), 'utf8'))] as const),
    );
  }

  /** What its client was called with, first words only: `run a`, `kill a`. */
  calls(): readonly string[] {
    const lines = readFileSync(join(this.#directory, 'calls'), 'utf8').split('\n');
    return lines.filter(line => /^(run|kill|rm|hang) \S+/.test(line)).map(line => /^\S+ \S+/.exec(line)?.[0] ?? '');
  }
}

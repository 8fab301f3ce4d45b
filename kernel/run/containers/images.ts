import {fail, type Result} from '../../graph/result.js';
import type {Probing, Runtime} from './runtime.js';

/** What finding images stands on. */
export interface ImagesPorts {
  readonly runtimes: readonly Runtime[];
  readonly probing: Probing;
  /** The notebook's directory, where `weft.lock` lies. */
  readonly directory: string;
}

/** The machine's architecture as images name it, from Node's name of it. */
export const architectureOf = (arch: string): string => ({x64: 'amd64', ia32: '386'})[arch] ?? arch;

/** Finds images and pins them. */
export class Images {
  readonly #ports: ImagesPorts;

  constructor(ports: ImagesPorts) {
    this.#ports = ports;
  }

  /** Finds the image of `[RUNTIME:]REF` and pins it. */
  pin(
    text: string,
    _options: {readonly refresh: boolean; readonly signal: AbortSignal; readonly line: (text: string) => void},
  ): Promise<Result<never, {code: 'W8002'; severity: 'error'; message: string}>> {
    const {length} = this.#ports.runtimes;
    return Promise.resolve(fail({code: 'W8002', severity: 'error', message: `${length} runtimes, no \`${text}\``}));
  }
}

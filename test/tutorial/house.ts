import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {childProcess, type Ended} from '../rig/child-process.js';
import {scratch, type Scratch} from '../rig/scratch.js';

const root = resolve(import.meta.dirname, '../..');

/** What `weft run --json` prints. */
export interface Summary {
  readonly ok: boolean;
  readonly wall_s: number;
  readonly tasks: Counts;
  readonly joins: Counts;
  readonly cells: readonly {readonly status: string; readonly error?: {readonly evalue: string}}[];
}

/** How many tasks ended how. */
export interface Counts {
  readonly total: number;
  readonly ran: number;
  readonly cached: number;
  readonly attached: number;
  readonly failed: number;
  readonly blocked: number;
  readonly cancelled: number;
}

/** A directory with a notebook in it, as a person has one: run headless, changed, and run again. */
export class House implements Disposable {
  readonly #folder: Scratch;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(environment: Readonly<Record<string, string>> = {}, below?: string) {
    this.#folder = scratch(below);
    this.#environment = environment;
  }

  /** A path in the directory. */
  at(...names: readonly string[]): string {
    return this.#folder.at(...names);
  }

  /** Takes over all that another house has, as it lies there. */
  copy(from: House): void {
    cpSync(from.at(), this.at(), {recursive: true, verbatimSymlinks: true, preserveTimestamps: true});
  }

  /** Writes a notebook of these cells. */
  write(name: string, cells: readonly string[]): void {
    const notebook = {
      cells: cells.map((source, i) => ({
        cell_type: 'code',
        id: `cell-${i}`,
        metadata: {},
        source,
        outputs: [],
        execution_count: null,
      })),
      metadata: {kernelspec: {name: 'weft', display_name: 'Weft', language: 'typescript'}},
      nbformat: 4,
      nbformat_minor: 5,
    };
    writeFileSync(this.at(name), JSON.stringify(notebook));
  }

  /** Runs `weft run NAME --json`. */
  async run(
    name: string,
    options: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{readonly ended: Ended; readonly summary: Summary}> {
    const ended = await this.weft(['run', name, '--json', ...options], environment);
    const last = ended.stdout.trim().split('\n').at(-1) ?? '';
    if (!last.startsWith('{')) throw new Error(`weft run said nothing (${ended.status}):\n${ended.stderr}`);
    return {ended, summary: JSON.parse(last) as Summary};
  }

  weft(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return childProcess(process.execPath, [join(root, 'dist/weft.js'), ...args], {
      cwd: this.at(),
      env: {PATH: process.env['PATH'], HOME: this.at(), LANG: 'C.UTF-8', ...this.#environment, ...environment},
      timeout: 170_000,
    });
  }

  /** Results that the journals tell of, in the order of their ends. */
  results(): readonly Manifest[] {
    const runs = this.at('.weft', 'runs');
    return readdirSync(runs)
      .flatMap(file => readFileSync(join(runs, file), 'utf8').split('\n'))
      .filter(line => line.startsWith('{"is":"result"'))
      .map(line => (JSON.parse(line) as {manifest: Manifest}).manifest)
      .sort((a, b) => (a.endedAt < b.endedAt ? -1 : 1));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** Cells that make the simulated stack and its data and set them up. */
export const SETUP: readonly string[] = [
  '!simstack install stack\n!simstack testdata ci_hsc',
  '%setup source stack/loadLSST.bash\n%setup setup lsst_distrib\n%setup setup -j -r ci_hsc',
];

/** Cells that make the root and ingest into it. */
export const INGEST: readonly string[] = [
  [
    '!mkdir -p DATA/ref_cats',
    '!echo "lsst.obs.hsc.HscMapper" > DATA/_mapper',
    '!ln -sfn $PWD/ci_hsc/CALIB DATA/CALIB',
    '!ln -sfn $PWD/ci_hsc/ps1_pv3_3pi_20170110 DATA/ref_cats/ps1_pv3_3pi_20170110',
    '%repo DATA',
  ].join('\n'),
  '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link',
  '%%lsst installTransmissionCurves',
];

/** Cells that process four CCDs, and make a sky map and coadds of their patches. `warpConfig` is of HSC-R's warps. */
export const coaddCells = (warpConfig = 'warpAndPsfMatch.warp.warpingKernelName=lanczos3'): readonly string[] => [
  '%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903334^903986 ccd=16^23',
  '%%lsst makeDiscreteSkyMap --from calexps --as skymap\n--id --config skyMap.projection="TAN"',
  `const config = {"HSC-R": "${warpConfig}", "HSC-I": "warpAndPsfMatch.warp.warpingKernelName=lanczos3"};`,
  '%%foreach filter in [HSC-R, HSC-I]\n%%lsst makeCoaddTempExp --from skymap --as warps\n--selectId filter=${filter}\n--id filter=${filter} tract=0 patch=0,0^1,0^0,1^1,1\n--config doApplyUberCal=False doApplySkyCorr=False ${config[filter]}',
  '%%foreach filter in [HSC-R, HSC-I]\n%%lsst assembleCoadd --from warps[filter] --as coadds\n--selectId filter=${filter}\n--id filter=${filter} tract=0 patch=0,0^1,0^0,1^1,1',
  '%%join coadds --as both',
];

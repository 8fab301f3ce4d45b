import {existsSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import type {Surroundings} from './command-line.js';
import {CommandLine} from './command-line.js';
import {CCDS} from './camera.js';
import {writeFileAtomic} from './file.js';
import {FitsFile} from './fits-file.js';
import {repr} from './python.js';
import {ORIGIN} from './raw-image.js';

/** A smooth bump between two wavelengths in nanometres, at steps of ten. */
function curve(low: number, high: number, height: number): Uint8Array {
  const wavelengths = Array.from({length: 81}, (_, i) => 300 + 10 * i);
  const edge = (x: number): number => 1 / (1 + Math.exp(-x / 5));
  const values = wavelengths.map(nm => height * edge(nm - low) * edge(high - nm));
  return new FitsFile()
    .primary([['ORIGIN', ORIGIN]])
    .table('TransmissionCurve', wavelengths.length, [
      {name: 'wavelength', form: 'D', unit: 'nm', values: wavelengths},
      {name: 'throughput', form: 'D', values},
    ])
    .bytes();
}

/** `installTransmissionCurves.py`: puts the throughput of filters, sensors, optics and air into a root. */
export function installTransmissionCurves(program: string, args: readonly string[], surroundings: Surroundings): void {
  const line = new CommandLine(basename(program), 'root', [], surroundings);
  if (args.includes('-h') || args.includes('--help')) {
    {
      surroundings.stdout(line.help('Install the transmission curves of the camera in a data repository.'));
      return;
    }
  }
  const {positional} = line.parse(args);
  const given = positional[0];
  if (given === undefined) throw line.error('the following arguments are required: root');
  const root = resolve(surroundings.cwd, given);
  if (!existsSync(join(root, '_mapper'))) throw line.error(`Error: no mapper specified for input repo: ${repr(root)}`);
  const put = (name: string, bytes: Uint8Array): void =>
    writeFileAtomic(join(root, 'transmission', `${name}.fits`), bytes);
  put('transmission_optics', curve(350, 1050, 0.85));
  put('transmission_atmosphere', curve(330, 1100, 0.95));
  put('transmission_filter-HSC-R', curve(550, 695, 0.92));
  put('transmission_filter-HSC-I', curve(695, 850, 0.94));
  for (const ccd of CCDS) put(`transmission_sensor-${String(ccd).padStart(3, '0')}`, curve(380, 1000, 0.9));
}

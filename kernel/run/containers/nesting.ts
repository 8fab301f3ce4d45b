import {existsSync} from 'node:fs';

/** The container that the kernel itself runs in, as a person calls it; undefined on a plain machine. */
export function containerAround(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  if (environment['SHIFTER_RUNTIME'] !== undefined || environment['SHIFTER_IMAGE'] !== undefined) return 'shifter';
  if (environment['APPTAINER_CONTAINER'] !== undefined) return 'apptainer';
  if (environment['SINGULARITY_CONTAINER'] !== undefined) return 'singularity';
  if (environment['CH_RUNNING'] !== undefined) return 'charliecloud';
  if (existsSync('/run/.containerenv')) return 'podman';
  if (existsSync('/.dockerenv')) return 'docker';
  return undefined;
}

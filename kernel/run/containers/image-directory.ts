import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import {fail, ok, type Result} from '../../graph/result.js';
import type {ContainerProblem, FoundImage, Probing} from './runtime.js';

/** A person's own record of what is in the directory of an image; any change of its text makes it another image. */
export const MARKER = '.weft-image';

/**
 * The image that is unpacked in a directory. It is known by a record that it carries: a person's `.weft-image`, or `ch/metadata.json` of
 * charliecloud. One without is refused, as nothing says whether it is the one of yesterday.
 */
export async function findDirectory(path: string, probing: Probing): Promise<Result<FoundImage, ContainerProblem>> {
  for (const record of [MARKER, 'ch/metadata.json']) {
    const file = join(path, record);
    if (!(await isFile(file))) continue;
    const digest = await probing.digest(file);
    if (digest.ok)
      return ok({
        image: path,
        identity: {directory: digest.value},
        unknown: `it is a directory, known by its \`${record}\``,
      });
  }
  return fail({
    is: 'image',
    message: `nothing in ${path} says which image it is`,
    remedy: `write down what it is: \`echo "IMAGE, DATE" > ${join(path, MARKER)}\`, and anew whenever you change it; or take a file (SIF)`,
  });
}

/** That there is nothing at a path where an image was to be. */
export const noImageAt = (path: string, remedy: string): ContainerProblem => ({
  is: 'image',
  message: `there is no image at ${path}`,
  remedy,
});

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

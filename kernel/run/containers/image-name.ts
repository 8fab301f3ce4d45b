import {fail, ok, type Result} from '../../graph/result.js';
import type {ContainerProblem} from './runtime.js';

/**
 * The name of an image in a registry, without `docker://`. The error says what is wrong with it: an empty one, one that a runtime would
 * take for an option, one with characters that no name has.
 */
export function readReference(text: string): Result<string, ContainerProblem> {
  const name = text.replace(/^docker:\/\//, '');
  if (name === '' || name.startsWith('-')) return fail(badReference(text));
  // The grammar of distribution/reference, but for the limits of length.
  return /^[A-Za-z0-9][A-Za-z0-9._:/-]*(@sha256:[0-9a-f]{64})?$/.test(name) && !name.includes('//')
    ? ok(name)
    : fail(badReference(text));
}

/** The path of an image on this machine; the error refuses one that a runtime would take for an option. */
export const readImagePath = (text: string): Result<string, ContainerProblem> =>
  text === '' || text.startsWith('-') || /[\0\n]/.test(text) ? fail(badReference(text)) : ok(text);

/** That a text names no image. */
export const badReference = (text: string): ContainerProblem => ({
  is: 'reference',
  message: `${JSON.stringify(text)} is not the name of an image`,
  remedy: 'name it as its registry does: `lsstsqre/centos:w_2020_14`',
});

/** A name with the registry in it, as docker completes one: some engines search several registries, or none. */
export function withRegistry(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name;
  return rest.length === 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}

import type {ImageIdentity} from '../../graph/container.js';

/** The digest as people see it. */
export const digestText = (identity: ImageIdentity): string => {
  if ('engine' in identity) return /^[0-9a-f]{64}$/.test(identity.id) ? `sha256:${identity.id}` : identity.id;
  if ('manifest' in identity) return `sha256:${identity.manifest}`;
  return `sha256:${'file' in identity ? identity.file : identity.directory}`;
};

/** `x:1 is sha256:…`, and what that digest is. `unknown`: why the registry's is not known. */
export function imageSentence(reference: string, identity: ImageIdentity, unknown: string | undefined): string {
  const what =
    'engine' in identity
      ? ` (${identity.engine}'s own id${unknown === undefined ? '' : `: ${unknown}`}; other engines do not share its results)`
      : 'file' in identity
        ? ' (by its content)'
        : 'directory' in identity
          ? ' (by the record that the directory has of it)'
          : '';
  return `${reference} is ${digestText(identity)}${what}`;
}

import {readFileSync} from 'node:fs';

/**
 * Whether a user has numbers for the other users of a container of his own (subuid(5), subgid(5)). Where a directory service gives them,
 * and not the files, it says no: containers work then too, with one user in them.
 * @param read gives a file's text, or throws
 */
export function hasSubordinateIds(
  user: {readonly username: string; readonly uid: number},
  read: (path: string) => string = path => readFileSync(path, 'utf8'),
): boolean {
  return ['/etc/subuid', '/etc/subgid'].every(path => {
    try {
      return read(path)
        .split('\n')
        .some(line => [user.username, String(user.uid)].includes(line.split(':')[0] ?? ''));
    } catch {
      return false;
    }
  });
}

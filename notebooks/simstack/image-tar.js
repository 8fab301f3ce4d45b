// Writes tar files whose bytes depend on names, modes, contents and their order only: no times, no owners.
// An entry is {mode, content: Buffer}, {mode, source: PATH} (a file), {link: TARGET} or {mode} (a directory).
// The format is ustar of POSIX.1-2017, pax, "ustar Interchange Format".
import {createHash} from 'node:crypto';
import {closeSync, openSync, readFileSync, writeSync} from 'node:fs';

const BLOCK = 512;

const octal = (number, width) => `${number.toString(8).padStart(width - 1, '0')}\0`;

/** A name as its two fields: 155 bytes before a slash, 100 after it. */
function split(name) {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.lastIndexOf('/', 155); at > 0; at = name.lastIndexOf('/', at - 1)) {
    const parts = [name.slice(0, at), name.slice(at + 1)];
    if (parts[1].length > 0 && Buffer.byteLength(parts[0]) <= 155 && Buffer.byteLength(parts[1]) <= 100) return parts;
  }
  throw new Error(`a name is too long for a tar file: ${name}`);
}

function header(path, entry, size) {
  const type = entry.link !== undefined ? '2' : size === undefined ? '5' : '0';
  const [prefix, name] = split(type === '5' ? `${path}/` : path);
  const block = Buffer.alloc(BLOCK);
  const put = (text, at) => block.write(text, at, 'utf8');
  put(name, 0);
  put(octal(entry.mode ?? 0o777, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size ?? 0, 12), 124);
  put(octal(0, 12), 136);
  put('        ', 148);
  put(type, 156);
  if (Buffer.byteLength(entry.link ?? '') > 100) throw new Error(`a link is too long for a tar file: ${entry.link}`);
  put(entry.link ?? '', 157);
  put('ustar\x0000', 257);
  put(octal(0, 8), 329);
  put(octal(0, 8), 337);
  put(prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  put(`${octal(sum, 7)} `, 148);
  return block;
}

/** Writes the entries, a Map from path to entry, to a file. Gives the SHA-256 of its bytes, in hexadecimal, and its size. */
export function writeTar(file, entries) {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'w');
  let size = 0;
  const write = bytes => {
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    size += bytes.length;
  };
  try {
    for (const [path, entry] of entries) {
      const bytes = entry.source === undefined ? entry.content : readFileSync(entry.source);
      write(header(path, entry, bytes?.length));
      if (bytes === undefined) continue;
      write(bytes);
      write(Buffer.alloc(-bytes.length & (BLOCK - 1)));
    }
    write(Buffer.alloc(2 * BLOCK));
  } finally {
    closeSync(descriptor);
  }
  return {sha256: hash.digest('hex'), size};
}

/** A row of a table, by column name. */
export type SqliteRow = Readonly<Record<string, string | number | null>>;

/** A record's value; blobs do not occur in registries and are given as null. */
type Value = string | number | null;

/** One entry of a table's b-tree. */
interface Entry {
  readonly rowid: number;
  readonly values: readonly Value[];
}

/**
 * Reads whole tables from the bytes of an SQLite database: rowid tables in UTF-8, without a write-ahead log. Starting
 * an SQL engine costs ten times what reading a registry does, and every command reads one.
 * Source: https://www.sqlite.org/fileformat2.html.
 */
export class SqliteFile {
  readonly #bytes: Buffer;
  readonly #pageSize: number;
  readonly #usable: number;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const size = bytes.readUInt16BE(16);
    this.#pageSize = size === 1 ? 65536 : size;
    this.#usable = this.#pageSize - (bytes[20] ?? 0);
  }

  /** The database in these bytes; null if it is none, or one that needs an SQL engine. */
  static open(bytes: Buffer): SqliteFile | null {
    const plain = bytes.length >= 512 && bytes.toString('latin1', 0, 15) === 'SQLite format 3';
    return plain && bytes[18] === 1 && bytes[19] === 1 && bytes.readUInt32BE(56) === 1 ? new SqliteFile(bytes) : null;
  }

  /** All rows of a table in the order of their rowid; none if there is no such table. */
  rows(table: string): readonly SqliteRow[] {
    const schema = [...this.#entries(1)].find(({values}) => values[0] === 'table' && values[1] === table);
    if (schema === undefined) return [];
    const columns = columnNames(String(schema.values[4]));
    return [...this.#entries(Number(schema.values[3]))].map(({rowid, values}) =>
      Object.fromEntries(columns.map(({name, isRowid}, i) => [name, isRowid ? rowid : (values[i] ?? null)])),
    );
  }

  *#entries(page: number): Generator<Entry> {
    const base = (page - 1) * this.#pageSize;
    const header = base + (page === 1 ? 100 : 0);
    const interior = this.#bytes[header] === 0x05;
    const count = this.#bytes.readUInt16BE(header + 3);
    for (let cell = 0; cell < count; cell++) {
      const at = base + this.#bytes.readUInt16BE(header + (interior ? 12 : 8) + 2 * cell);
      if (interior) yield* this.#entries(this.#bytes.readUInt32BE(at));
      else yield this.#entry(at);
    }
    if (interior) yield* this.#entries(this.#bytes.readUInt32BE(header + 8));
  }

  #entry(at: number): Entry {
    const [size, afterSize] = varint(this.#bytes, at);
    const [rowid, start] = varint(this.#bytes, afterSize);
    return {rowid, values: record(this.#payload(size, start))};
  }

  /** The bytes of a record, those on overflow pages too. */
  #payload(size: number, start: number): Buffer {
    const most = this.#usable - 35;
    if (size <= most) return this.#bytes.subarray(start, start + size);
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const wanted = least + ((size - least) % (this.#usable - 4));
    const local = wanted <= most ? wanted : least;
    const parts = [this.#bytes.subarray(start, start + local)];
    let next = this.#bytes.readUInt32BE(start + local);
    for (let left = size - local; left > 0 && next !== 0; left -= this.#usable - 4) {
      const page = (next - 1) * this.#pageSize;
      parts.push(this.#bytes.subarray(page + 4, page + 4 + Math.min(left, this.#usable - 4)));
      next = this.#bytes.readUInt32BE(page);
    }
    return Buffer.concat(parts);
  }
}

/** A variable-length integer and where it ends. */
function varint(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[start + i] ?? 0;
    value = value * 128 + (byte & 127);
    if (byte < 128) return [value, start + i + 1];
  }
  return [value * 256 + (bytes[start + 8] ?? 0), start + 9];
}

const INTEGER_BYTES: readonly number[] = [0, 1, 2, 3, 4, 6, 8];

function record(payload: Buffer): readonly Value[] {
  const [headerSize, first] = varint(payload, 0);
  const values: Value[] = [];
  let body = headerSize;
  for (let at = first; at < headerSize;) {
    const [type, end] = varint(payload, at);
    at = end;
    const width = type <= 6 ? (INTEGER_BYTES[type] ?? 0) : type === 7 ? 8 : type < 12 ? 0 : Math.floor((type - 12) / 2);
    if (type === 0) values.push(null);
    else if (type === 6) values.push(Number(payload.readBigInt64BE(body)));
    else if (type < 6) values.push(payload.readIntBE(body, width));
    else if (type === 7) values.push(payload.readDoubleBE(body));
    else if (type < 12) values.push(type - 8);
    else values.push(type % 2 === 1 ? payload.toString('utf8', body, body + width) : null);
    body += width;
  }
  return values;
}

/** The columns that a CREATE TABLE statement names; an INTEGER PRIMARY KEY is the rowid. */
function columnNames(sql: string): readonly {readonly name: string; readonly isRowid: boolean}[] {
  const inside = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'));
  const parts: string[] = [''];
  let depth = 0;
  for (const char of inside) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + char);
  }
  return parts
    .map(part => part.trim())
    .filter(part => !/^(unique|primary|foreign|check|constraint)\b/i.test(part))
    .map(part => ({
      name: (part.split(/\s/, 1)[0] ?? '').replace(/^["'`[]|["'`\]]$/g, ''),
      isRowid: /^\S+\s+integer\s+primary\s+key/i.test(part),
    }));
}

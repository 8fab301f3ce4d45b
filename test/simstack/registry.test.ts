import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import {afterAll, describe, expect, it} from 'vitest';
import {changeRegistry, readTables} from '../../notebooks/simstack/registry.js';
import {SqliteFile} from '../../notebooks/simstack/sqlite-file.js';

const directory = mkdtempSync(join(tmpdir(), 'simstack-registry-'));
afterAll(() => rmSync(directory, {recursive: true, force: true}));

describe('a registry', () => {
  const path = join(directory, 'registry.sqlite3');
  changeRegistry(path, database => {
    database.exec(
      'CREATE TABLE raw (id INTEGER PRIMARY KEY AUTOINCREMENT, visit int, t text, x double, UNIQUE (visit, t))',
    );
    database.exec('BEGIN');
    for (let i = 0; i < 3000; i++) {
      const text = i % 500 === 0 ? 'é'.repeat(9000) : `text ${i}`;
      database.run('INSERT INTO raw (visit, t, x) VALUES (?, ?, ?)', [
        (-1) ** i * 7 ** (i % 18),
        text,
        i % 3 ? i / 7 : null,
      ]);
    }
    database.run('DELETE FROM raw WHERE id % 10 = 3');
    database.exec('COMMIT');
  });

  it('is read without an SQL engine just as by one', () => {
    const database = new sqlite.Database(path);
    const rows = database.all('SELECT * FROM raw ORDER BY rowid').map(row => ({...row, visit: Number(row['visit'])}));
    database.close();
    expect(SqliteFile.open(readFileSync(path))).not.toBeNull();
    expect(readTables(path, ['raw'])[0]).toEqual(rows);
    expect(rows).toHaveLength(2700);
  });

  it('is no database when its bytes are others', () => {
    expect(SqliteFile.open(Buffer.alloc(4096))).toBeNull();
    expect(SqliteFile.open(Buffer.alloc(0))).toBeNull();
  });
});

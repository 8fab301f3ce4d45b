import {copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Database} from 'node-sqlite3-wasm';
import {temporarySuffix} from './file.js';
import type {SqliteRow} from './sqlite-file.js';
import {SqliteFile} from './sqlite-file.js';

/** A row of a registry's table. */
export type Row = SqliteRow;

/** Loaded at first use: compiling the WebAssembly costs some 50 ms, which `--help` need not pay. */
function open(path: string): Database {
  const sqlite = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  return new sqlite.Database(path);
}

/**
 * Rows of tables of a registry, in the order of their rowid. The file is read as it is, without a lock: an ingest
 * replaces it whole. A registry in a form that needs an SQL engine is copied first and read by one.
 */
export function readTables(path: string, tables: readonly string[]): readonly (readonly Row[])[] {
  const file = SqliteFile.open(readFileSync(path));
  if (file !== null) return tables.map(table => file.rows(table));
  const directory = mkdtempSync(join(tmpdir(), 'simstack-'));
  try {
    const copy = join(directory, 'registry.sqlite3');
    copyFileSync(path, copy);
    const database = open(copy);
    try {
      return tables.map(table => database.all(`SELECT * FROM ${table} ORDER BY rowid`).map(row => row as Row));
    } finally {
      database.close();
    }
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

/**
 * Changes a registry as the ingest task does: a temporary copy beside it is changed and renamed over it. Of two
 * ingests at once the later rename wins and the rows of the other are lost, as on the real stack.
 */
export function changeRegistry(path: string, change: (database: Database) => void): void {
  const temporary = `${path}${temporarySuffix()}`;
  if (existsSync(path)) copyFileSync(path, temporary);
  try {
    const database = open(temporary);
    try {
      change(database);
    } finally {
      database.close();
    }
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, {force: true});
  }
}

import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {endpoint, parseConnection, readConnection} from '../../kernel/wire/connection.js';

const file = {
  transport: 'tcp',
  ip: '127.0.0.1',
  shell_port: 1,
  control_port: '2',
  stdin_port: 3,
  iopub_port: 4,
  hb_port: '65535',
  key: 'secret',
  signature_scheme: 'hmac-sha512',
  kernel_name: 'weft',
};
const parse = (change: object) => parseConnection(JSON.stringify({...file, ...change}));

describe('a connection file', () => {
  it('may have its ports as numbers or as strings', () => {
    expect(parse({})).toEqual({
      ok: true,
      value: {
        transport: 'tcp',
        ip: '127.0.0.1',
        ports: {shell: 1, control: 2, stdin: 3, iopub: 4, hb: 65_535},
        key: 'secret',
        hash: 'sha512',
      },
    });
  });

  it('has defaults for transport, ip, key and scheme', () => {
    const parsed = parse({transport: undefined, ip: undefined, key: undefined, signature_scheme: ''});
    expect(parsed).toMatchObject({ok: true, value: {transport: 'tcp', ip: '127.0.0.1', key: '', hash: 'sha256'}});
  });

  it('leads to addresses of ZeroMQ', () => {
    const at = (change: object) => {
      const parsed = parse(change);
      return parsed.ok ? endpoint(parsed.value, 'shell') : parsed.error;
    };
    expect(at({})).toBe('tcp://127.0.0.1:1');
    expect(at({ip: '::1'})).toBe('tcp://[::1]:1');
    expect(at({transport: 'ipc', ip: '/run/kernel-ipc'})).toBe('ipc:///run/kernel-ipc-1');
  });

  it.each([
    [{transport: 'inproc'}, 'transport "inproc" is not tcp or ipc'],
    [{signature_scheme: 'hmac-crc'}, 'signature_scheme "hmac-crc" is not one of hmac-md5, hmac-sha256, hmac-sha512'],
    [{hb_port: undefined}, 'hb_port is missing or no port'],
    [{shell_port: 0}, 'shell_port is missing or no port'],
    [{shell_port: '1e3'}, 'shell_port is missing or no port'],
    [{key: 5}, 'key is not a text'],
    [{ip: ''}, 'ip is not a text'],
  ])('is refused with a reason: %j', (change, error) => {
    expect(parse(change)).toEqual({ok: false, error});
  });

  it('is named when it is missing or no JSON', () => {
    const directory = mkdtempSync(join(tmpdir(), 'weft-connection-'));
    const path = join(directory, 'kernel.json');
    expect(readConnection(path)).toMatchObject({ok: false, error: expect.stringContaining(path) as string});
    writeFileSync(path, '{');
    expect(readConnection(path)).toEqual({
      ok: false,
      error: `the connection file ${path} cannot be used: it is not JSON`,
    });
    writeFileSync(path, JSON.stringify(file));
    expect(readConnection(path).ok).toBe(true);
    rmSync(directory, {recursive: true});
  });
});

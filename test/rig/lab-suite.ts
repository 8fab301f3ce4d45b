import type {Browser} from 'playwright-core';
import {afterAll, beforeAll, beforeEach} from 'vitest';
import {launchBrowser} from './browser.js';
import {found, need, verdict} from './component.js';
import {chromium, installKernel, pythonWith} from './jupyter.js';
import {startLab, type LabServer} from './lab-server.js';
import {scratch} from './scratch.js';

/** A JupyterLab with Weft's kernel in it, and a browser: there while the tests of a file run. */
export interface LabSuite {
  readonly server: LabServer;
  readonly browser: Browser;
}

/**
 * One server and one browser for all tests of a file: starting them takes longer than a test. Where JupyterLab or Chromium is
 * missing, the tests are skipped with a line that says so, and fail in CI.
 */
export function labSuite(): LabSuite {
  const python = pythonWith('jupyterlab');
  const program = chromium();
  const home = scratch();
  let server: LabServer | undefined;
  let browser: Browser | undefined;
  beforeEach(context => need(context, python, program));
  beforeAll(async () => {
    if (verdict([python, program]) !== 'run') return;
    installKernel(home.path);
    server = await startLab(found(python), home.path);
    browser = await launchBrowser(found(program));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });
  return {
    get server() {
      return server!;
    },
    get browser() {
      return browser!;
    },
  };
}

import {chromium as playwright, type Browser} from 'playwright-core';

/**
 * Starts a headless Chromium with an empty profile. The caller closes it. It asks nobody but the pages it is given: what a
 * browser does in the background is off.
 */
export function launchBrowser(program: string): Promise<Browser> {
  return playwright.launch({
    executablePath: program,
    args: [
      // Chromium's sandbox does not start as root, which is what CI is.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

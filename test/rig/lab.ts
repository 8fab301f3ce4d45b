import type {Browser, Page} from 'playwright-core';
import type {LabServer} from './lab-server.js';

/** The part of JupyterLab's application that the rig uses, in the page. */
interface LabApp {
  readonly restored: Promise<void>;
  readonly commands: {execute(id: string, args?: object): Promise<unknown>};
  readonly shell: {
    readonly currentWidget?: {
      readonly context?: {
        readonly ready: Promise<void>;
        readonly model: {toJSON(): {readonly cells: readonly NotebookCell[]}};
      };
      readonly sessionContext: {
        readonly ready: Promise<void>;
        readonly session?: {readonly kernel?: {readonly status: string; readonly statusChanged: StatusSignal}};
      };
    } | null;
  };
}

/** Tells of each new status of a kernel. */
interface StatusSignal {
  connect(slot: (sender: unknown, status: string) => void): void;
}

/** Exists in the page only: functions that are given to `evaluate` run there. */
declare const jupyterapp: LabApp;

/** A cell as the notebook's file has it. */
interface NotebookCell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly LabOutput[];
}

/** An output as the notebook's file has it; `text` and the members of `data` are text or lines. */
export interface LabOutput {
  readonly output_type: 'stream' | 'execute_result' | 'display_data' | 'error';
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
}

/** A code cell: what it holds, and what a person sees. */
export interface LabCell {
  readonly source: string;
  /** `[3]:`, or `[ ]:` if it has not run. */
  readonly prompt: string;
  readonly outputs: readonly LabOutput[];
  /** The visible text of each output. */
  readonly shown: readonly string[];
}

const panel = '.jp-NotebookPanel:not(.lm-mod-hidden)';
const lines = (text: string | readonly string[]) => (typeof text === 'string' ? text : text.join(''));

/** A notebook that is open in JupyterLab, with its kernel. Disposing of it closes the page; the server ends the kernel. */
export class LabNotebook implements AsyncDisposable {
  /** For what the rig has no word for. */
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a notebook, by its path below the server's folder, in an empty workspace, and waits until its kernel is idle. */
  static async open(browser: Browser, server: LabServer, path: string): Promise<LabNotebook> {
    const page = await browser.newPage({viewport: {width: 1280, height: 900}});
    page.setDefaultTimeout(60_000);
    const notebook = new LabNotebook(page);
    const place = path.split('/').map(encodeURIComponent).join('/');
    await page.goto(`${server.origin}/lab/tree/${place}?token=${server.token}&reset`);
    await notebook.#ready();
    await notebook.idle();
    return notebook;
  }

  /** Loads the page again as a person does, and waits until the notebook has a kernel: the one it had, which may be busy. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  /** Cells stand there before they have their text, and a session is ready before its kernel has answered: all is awaited. */
  async #ready(): Promise<void> {
    await this.page.waitForFunction('globalThis.jupyterapp !== undefined');
    await this.page.evaluate(async () => jupyterapp.restored);
    await this.page.waitForFunction(() => jupyterapp.shell.currentWidget?.context !== undefined);
    await this.page.evaluate(async () => {
      await jupyterapp.shell.currentWidget?.context?.ready;
      await jupyterapp.shell.currentWidget?.sessionContext.ready;
    });
  }

  /** Waits until the kernel is idle. */
  async idle(timeout = 60_000): Promise<void> {
    await this.page.waitForFunction(
      () => jupyterapp.shell.currentWidget?.sessionContext.session?.kernel?.status === 'idle',
      undefined,
      {timeout},
    );
  }

  /** Clears all outputs, chooses Run All Cells from the menu as a person does, and waits until no cell runs. */
  async runAll(timeout = 120_000): Promise<void> {
    await this.page.evaluate(() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs'));
    await this.#choose(/^Run$/, 'runmenu:run-all');
    const prompts = this.page.locator(`${panel} .jp-CodeCell .jp-InputPrompt`);
    await prompts
      .filter({hasText: /\[\d+\]:/})
      .first()
      .waitFor({timeout});
    await this.page.waitForFunction(
      `![...document.querySelectorAll('${panel} .jp-InputPrompt')].some(prompt => prompt.textContent === '[*]:')`,
      undefined,
      {timeout},
    );
    await this.idle(timeout);
  }

  /** Clicks into one cell (counted from 0 among code cells) and runs it by Ctrl+Enter. Does not wait for its end. */
  async run(cell: number): Promise<void> {
    await this.page.locator(`${panel} .jp-CodeCell`).nth(cell).locator('.cm-content').click();
    await this.page.keyboard.press('Control+Enter');
  }

  /** Restarts the kernel from the menu, says yes to the dialog, and waits until the new kernel is idle. */
  async restart(): Promise<void> {
    await this.page.evaluate(() => {
      const page = globalThis as {restarting?: boolean};
      page.restarting = false;
      jupyterapp.shell.currentWidget?.sessionContext.session?.kernel?.statusChanged.connect((_, status) => {
        if (status === 'restarting') page.restarting = true;
      });
    });
    await this.#choose(/^Kernel$/, 'kernelmenu:restart');
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
    // The old kernel is idle still when the dialog closes.
    await this.page.waitForFunction('globalThis.restarting');
    await this.idle();
  }

  async #choose(menu: RegExp, command: string): Promise<void> {
    await this.page.locator('.lm-MenuBar-itemLabel', {hasText: menu}).click();
    await this.page.locator(`.lm-Menu-item[data-command="${command}"]`).click();
  }

  /** Runs a command of JupyterLab that asks nothing: one that opens a dialog would wait for its answer for ever. */
  async command(id: string): Promise<void> {
    await this.page.evaluate(name => jupyterapp.commands.execute(name).then(() => undefined), id);
  }

  /** All code cells with what they show. An error and stderr look alike in the page: `output_type` tells them apart. */
  async cells(): Promise<readonly LabCell[]> {
    const model = await this.page.evaluate(() => jupyterapp.shell.currentWidget?.context?.model.toJSON().cells ?? []);
    const shown = await this.page.locator(`${panel} .jp-CodeCell`).all();
    const code = model.filter(cell => cell.cell_type === 'code');
    if (code.length !== shown.length) throw new Error(`${code.length} cells in the model, ${shown.length} in the page`);
    return Promise.all(
      code.map(async ({source, outputs = []}, i) => ({
        source: lines(source),
        prompt: (await shown[i]?.locator('.jp-InputPrompt').innerText()) ?? '',
        outputs,
        shown: ((await shown[i]?.locator('.jp-OutputArea-output').allInnerTexts()) ?? []).map(text => text.trimEnd()),
      })),
    );
  }

  /** Waits until the text of one cell's outputs (counted from 0 among code cells) matches; gives that text. */
  async shows(cell: number, pattern: RegExp, timeout = 60_000): Promise<string> {
    const area = this.page
      .locator(`${panel} .jp-CodeCell`)
      .nth(cell)
      .locator('.jp-OutputArea-output', {hasText: pattern});
    await area.first().waitFor({timeout});
    return area.first().innerText();
  }

  /** Saves a picture of the page as it stands, or of the whole height of the notebook. */
  async screenshot(file: string, whole = false): Promise<void> {
    if (whole) {
      const height = await this.page.evaluate<number>(
        `document.querySelector('${panel} .jp-WindowedPanel-inner').scrollHeight`,
      );
      await this.page.setViewportSize({width: 1280, height: Math.min(16_000, height + 200)});
    }
    await this.page.screenshot({path: file});
  }

  /** Saves the notebook. */
  async save(): Promise<void> {
    await this.command('docmanager:save');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}

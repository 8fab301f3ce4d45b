/** Levels of the stack's log, least serious first. */
export const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
/** One of the levels. */
export type Level = (typeof LEVELS)[number];

/** The log of one program: lines `component LEVEL: text` on standard output. */
export class Log {
  readonly #write: (text: string) => void;
  readonly #levels = new Map<string, Level>([['', 'INFO']]);

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Lines of the component and of its parts below this level are not written; the empty name is for all. */
  setLevel(component: string, level: Level): void {
    this.#levels.set(component, level);
  }

  info(component: string, text: string): void {
    this.#line(component, 'INFO', text);
  }

  warn(component: string, text: string): void {
    this.#line(component, 'WARN', text);
  }

  fatal(component: string, text: string): void {
    this.#line(component, 'FATAL', text);
  }

  error(component: string, text: string): void {
    this.#line(component, 'ERROR', text);
  }

  #line(component: string, level: Level, text: string): void {
    let name = component;
    while (!this.#levels.has(name)) name = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
    const least = this.#levels.get(name) ?? 'INFO';
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) this.#write(`${component} ${level}: ${text}\n`);
  }
}

/** The kinds of state that a display counts apart; `elsewhere` is what another kernel runs or ran. */
export type Look =
  'ran' | 'attached' | 'cached' | 'running' | 'elsewhere' | 'failed' | 'blocked' | 'cancelled' | 'waiting';

/** How a kind of state is shown: never by colour alone. */
export interface StateLook {
  readonly glyph: string;
  /** Follows the number: `60 ran`. */
  readonly word: string;
  /** The mark of the bar in text. */
  readonly block: string;
  /** Absent: the ground of the bar. Mid-tones that read on white and on black. */
  readonly colour?: string;
  /** The theme's variable, for trusted notebooks. */
  readonly variable?: string;
}

/** In the order in which bars and counts show them. */
export const LOOKS: Readonly<Record<Look, StateLook>> = {
  ran: {glyph: '✓', word: 'ran', block: '█', colour: '#388e3c', variable: '--jp-success-color1'},
  attached: {glyph: '✓', word: 'ran elsewhere', block: '█', colour: '#388e3c', variable: '--jp-success-color1'},
  cached: {glyph: '≡', word: 'cached', block: '▓', colour: '#78909c'},
  running: {glyph: '▶', word: 'running', block: '▒', colour: '#1976d2', variable: '--jp-brand-color1'},
  elsewhere: {glyph: '▶', word: 'running elsewhere', block: '▒', colour: '#1976d2', variable: '--jp-brand-color1'},
  failed: {glyph: '✗', word: 'failed', block: '✗', colour: '#d32f2f', variable: '--jp-error-color1'},
  blocked: {glyph: '–', word: 'blocked', block: '–', colour: '#8d6e63'},
  cancelled: {glyph: '⊘', word: 'cancelled', block: '⊘', colour: '#ef6c00', variable: '--jp-warn-color1'},
  waiting: {glyph: '…', word: 'waiting', block: '░'},
};

/** All kinds, in their order. */
export const LOOK_NAMES = Object.keys(LOOKS) as readonly Look[];

/**
 * A style declaration with the colour said twice: JupyterLab drops the second one in a notebook that is not trusted, and
 * the theme's colour wins in one that is (jupyterlab/jupyterlab:packages/apputils/src/sanitizer.ts).
 */
export function colourStyle(property: 'color' | 'background-color', look: Look): string {
  const {colour = 'rgba(128,128,128,0.25)', variable} = LOOKS[look];
  const plain = `${property}:${colour}`;
  return variable === undefined ? plain : `${plain};${property}:var(${variable},${colour})`;
}

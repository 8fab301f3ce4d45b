import {markup, type Html} from './html.js';
import {colourStyle, LOOKS, LOOK_NAMES, type Look} from './state-look.js';
import type {Counts} from './tally.js';

/** A part of a bar: `share` of 1. */
interface Part {
  readonly look: Look;
  readonly share: number;
}

/** The parts of a bar; none is thinner than `least`, so that one failure among 100 000 tasks is seen. */
function partsOf(counts: Counts, least: number): readonly Part[] {
  const looks = LOOK_NAMES.filter(look => look !== 'waiting' && counts[look] > 0);
  const shares = looks.map(look => Math.max(least, counts[look] / Math.max(1, counts.total)));
  const ground = counts.waiting > 0 ? least : 0;
  const sum = shares.reduce((total, share) => total + share, ground);
  // What the thin ones took too much comes off the thick ones.
  const thick = shares.reduce((total, share) => total + (share > least ? share - least : 0), 0);
  const over = sum > 1 && thick > 0 ? (sum - 1) / thick : 0;
  return looks.map((look, at) => {
    const share = shares[at] ?? 0;
    return {look, share: share > least ? share - (share - least) * over : share};
  });
}

/** A bar of coloured parts. The numbers must stand in text beside it. */
export function barHtml(counts: Counts): Html {
  const parts = partsOf(counts, 0.005).map(
    ({look, share}) =>
      markup`<div style="float:left;height:8px;width:${(Math.floor(share * 1000) / 10).toFixed(1)}%;${colourStyle('background-color', look)}"></div>`,
  );
  return markup`<div style="width:100%;height:8px;overflow:hidden;${colourStyle('background-color', 'waiting')}">${parts}</div>`;
}

/** The same bar of `width` characters. */
export function barText(counts: Counts, width: number): string {
  let bar = '';
  let end = 0;
  for (const {look, share} of partsOf(counts, 1 / width)) {
    end += share * width;
    bar += LOOKS[look].block.repeat(Math.max(0, Math.round(end) - bar.length));
  }
  return bar.slice(0, width).padEnd(width, LOOKS.waiting.block);
}

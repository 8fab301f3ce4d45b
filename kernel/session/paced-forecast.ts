import type {Forecast} from './forecast.js';
import type {FutureNode} from './node.js';

/** How many times as long as a forecast took the pause after it is: of deep graphs, all together take a twentieth of the time at most. */
const SHARE = 19;

/**
 * Forecasts for displays, which ask with each update: one walks through all that its futures wait for, which of a deep graph is much. In
 * between the last one is counted down. The first one of a display is made at once, as a cell says before it starts how long it will take.
 */
export class PacedForecast {
  readonly #forecast: Pick<Forecast, 'left'>;
  readonly #clock: () => number;
  readonly #known = new WeakMap<object, {readonly left: number | undefined; readonly at: number}>();
  /** When the next one may be made. */
  #free = -Infinity;

  /** @param clock milliseconds since whenever, which never go back */
  constructor(forecast: Pick<Forecast, 'left'>, clock: () => number = () => performance.now()) {
    this.#forecast = forecast;
    this.#clock = clock;
  }

  /**
   * Milliseconds until futures are done; undefined where that can't be told.
   * @param display whose forecast it is: the same futures each time
   */
  left(display: object, nodes: readonly FutureNode[]): number | undefined {
    const at = this.#clock();
    const known = this.#known.get(display);
    if (known !== undefined && at < this.#free)
      return known.left === undefined ? undefined : Math.max(0, known.left - (at - known.at));
    const left = this.#forecast.left(nodes);
    this.#known.set(display, {left, at});
    const ended = this.#clock();
    this.#free = ended + SHARE * (ended - at);
    return left;
  }
}

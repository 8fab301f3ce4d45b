import {expect, test} from 'vitest';
import {PacedForecast} from '../../kernel/session/paced-forecast.js';

test('forecasts that take long are made for a twentieth of the time, each display has one at once, and it is counted down', () => {
  let now = 0;
  let spent = 0;
  const made = new Map<object, number>();
  const displays = Array.from({length: 50}, (_, at) => ({at}));
  let asked: object = {};
  const paced = new PacedForecast(
    {
      left: () => {
        now += 40;
        spent += 40;
        made.set(asked, (made.get(asked) ?? 0) + 1);
        return 1_000_000 - now;
      },
    },
    () => now,
  );
  const ask = (display: object): number | undefined => {
    asked = display;
    return paced.left(display, []);
  };
  for (const display of displays) expect(ask(display)).toBe(1_000_000 - now);
  expect(spent).toBe(50 * 40);
  spent = 0;
  const began = now;
  // Twenty updates a second for three minutes.
  for (let update = 0; update < 3600; update++) {
    now += 50;
    const left = ask(displays[(update * 7) % 50]!);
    expect(Math.abs((left ?? 0) - (1_000_000 - now))).toBeLessThan(41);
  }
  expect(spent / (now - began)).toBeLessThanOrEqual(0.05);
  expect(spent / (now - began)).toBeGreaterThan(0.04);
});

test('forecasts that cost nothing are made each time, and what can not be told stays so', () => {
  let now = 0;
  let left: number | undefined = 500;
  const paced = new PacedForecast({left: () => left}, () => now);
  const display = {};
  expect(paced.left(display, [])).toBe(500);
  left = 100;
  expect(paced.left(display, [])).toBe(100);
  left = undefined;
  expect(paced.left(display, [])).toBeUndefined();
  const slow = new PacedForecast(
    {
      left: () => {
        now += 10;
        return 30;
      },
    },
    () => now,
  );
  expect(slow.left(display, [])).toBe(30);
  now += 100;
  expect(slow.left(display, [])).toBe(0);
});

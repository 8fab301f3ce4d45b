import {expect, test} from 'vitest';
import {News} from '../../kernel/session/news.js';

test('a fault that lasts is told once, and again when it comes back after a pause', () => {
  let now = 0;
  const news = new News(60_000, () => now);
  const full = 'no space is left';
  expect(news.isNews(full)).toBe(true);
  // It is tried each second for three hours.
  for (let second = 0; second < 10_800; second++) {
    now += 1000;
    expect(news.isNews(full)).toBe(false);
  }
  expect(news.isNews('another')).toBe(true);
  now += 60_000;
  expect(news.isNews(full)).toBe(false);
  // Space was freed, and two hours later it is full once more.
  now += 7_200_000;
  expect(news.isNews(full)).toBe(true);
  expect(news.isNews(full)).toBe(false);
  expect(news.isNews('another')).toBe(true);
});

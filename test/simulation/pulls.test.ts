// A few of the histories that `npm run simulate:pulls` plays by the ten thousand.

import { expect, test } from 'vitest';
import { playPulls } from './pulls.ts';

test('of a provider that is pulled nobody is lost, and everybody is in step in the end, whatever its list does', async () => {
  const violations: unknown[] = [];
  for (let seed = 1; seed <= 300; seed++) {
    const violation = await playPulls(String(seed));
    if (violation) violations.push(violation);
  }
  expect(violations).toEqual([]);
});

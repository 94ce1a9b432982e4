import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../lib/json.ts';
import {
  desired,
  diff,
  type Facts,
  factNames,
  fold,
  news,
  plan,
  profileNames,
  type Told,
  toFacts,
} from '../lib/user.ts';

const text = fc.option(fc.string({ maxLength: 3 }), { nil: null });
const told: fc.Arbitrary<Told> = fc.record(
  {
    ...Object.fromEntries(profileNames.map((name) => [name, text])),
    emailVerified: fc.boolean(),
    disabled: fc.boolean(),
    deleted: fc.constant(true as const),
  },
  { requiredKeys: [] },
);
// Few instants, so that ties are common.
const event = fc.record({ told, at: fc.integer({ min: 1, max: 4 }) });
const history = fc.array(event, { maxLength: 8 });

function foldAll(events: readonly { told: Told; at: number }[]): Facts {
  return events.reduce<Facts>((facts, { told, at }) => fold(facts, toFacts(told, at)), {});
}

describe('folding', () => {
  test('any order of a history, with any repeats, gives one record', () => {
    const shuffled = history.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events, ...events], {
          minLength: events.length * 2,
          maxLength: events.length * 2,
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, delivered]) => {
        expect(foldAll(delivered)).toEqual(foldAll(events));
      }),
    );
  });

  test('it is associative: folding two halves apart and then together is folding the whole', () => {
    fc.assert(
      fc.property(history, history, (first, second) => {
        expect(fold(foldAll(first), foldAll(second))).toEqual(foldAll([...first, ...second]));
      }),
    );
  });

  test('what was heard once is no news any more', () => {
    fc.assert(
      fc.property(history, event, (events, { told, at }) => {
        const facts = foldAll([...events, { told, at }]);
        expect(news(facts, toFacts(told, at))).toEqual({});
        expect(fold(facts, facts)).toEqual(facts);
      }),
    );
  });

  test('a tombstone is final: whatever else is told, at whatever time, the user is never active again', () => {
    fc.assert(
      fc.property(history, history, fc.integer({ min: 1, max: 4 }), (before, after, at) => {
        const facts = foldAll([...before, { told: { deleted: true }, at }, ...after]);
        expect(desired(facts).active).toBe(false);
      }),
    );
  });

  test.each([
    ['verified', { emailVerified: true }, { emailVerified: false }],
    ['disabled', { disabled: true }, { disabled: false }],
    ['a value', { phone: '+4930' }, { phone: null }],
  ] as const)('of two events of one instant, %s wins', (_, winner, loser) => {
    expect(foldAll([toTold(winner), toTold(loser)])).toEqual(toFacts(winner, 7));
    expect(foldAll([toTold(loser), toTold(winner)])).toEqual(toFacts(winner, 7));
    function toTold(told: Told) {
      return { told, at: 7 };
    }
  });

  test('a fact that is not told is left as it is, one told to be empty is emptied', () => {
    const facts = foldAll([
      { told: { email: 'a@x.example', phone: '+4930' }, at: 1 },
      { told: { phone: null }, at: 2 },
    ]);
    expect(facts).toEqual({ email: { value: 'a@x.example', at: 1 }, phone: { value: null, at: 2 } });
  });
});

describe('what ROQ should hold', () => {
  test('is opted in as soon as the e-mail address is verified, and active until disabled', () => {
    const facts = foldAll([{ told: { emailVerified: true, disabled: false }, at: 1 }]);
    expect(desired(facts)).toEqual({ isOptedIn: true, active: true });
    expect(desired(fold(facts, toFacts({ disabled: true }, 2)))).toEqual({ isOptedIn: true, active: false });
  });

  test('says nothing of what nobody told', () => {
    expect(desired(foldAll([{ told: { firstName: 'A' }, at: 1 }]))).toEqual({ firstName: 'A' });
  });

  test('keeps the e-mail address of a user who was told to have none, which ROQ could not hold', () => {
    expect(desired(foldAll([{ told: { email: null }, at: 1 }]))).toEqual({});
  });

  test('every fact is accounted for: none changes without a change in what ROQ should hold', () => {
    for (const name of factNames) {
      const value = ['emailVerified', 'disabled', 'deleted'].includes(name) ? true : 'x';
      expect(desired({ [name]: { value, at: 1 } }), name).not.toEqual({});
    }
  });
});

describe('the difference to what ROQ holds', () => {
  test('is what differs, and nothing else', () => {
    const held = { email: 'a@x.example', firstName: 'A', active: true };
    expect(diff({ email: 'b@x.example', firstName: 'A', active: true }, held)).toEqual({
      email: 'b@x.example',
    });
  });

  test('does not tell null from an empty text, which ROQ answers where none was given', () => {
    expect(diff({ phone: null }, { phone: '' })).toEqual({});
  });

  test('tells null from unknown, for ROQ may hold a default of its own', () => {
    expect(diff({ locale: null }, { email: 'a@x.example' })).toEqual({ locale: null });
  });

  test('tells false from unknown, so that a disabled user is disabled for certain', () => {
    expect(diff({ active: false }, {})).toEqual({ active: false });
  });
});

describe('the plan', () => {
  const email = { email: 'a@x.example' };
  test.each<[string, Told, Parameters<typeof plan>[1], ReturnType<typeof plan>]>([
    [
      'creates whom ROQ lacks',
      email,
      null,
      { do: 'create', user: { ...email, isOptedIn: false, active: true } },
    ],
    [
      'creates a disabled user as inactive',
      { ...email, disabled: true },
      null,
      { do: 'create', user: { ...email, isOptedIn: false, active: false } },
    ],
    ['waits for an e-mail address', { firstName: 'A' }, null, { do: 'wait' }],
    ['never creates a deleted user', { ...email, deleted: true }, null, { do: 'nothing' }],
    [
      'updates what differs',
      { ...email, emailVerified: true },
      { ...email, isOptedIn: false },
      { do: 'update', changes: { isOptedIn: true } },
    ],
    [
      'does nothing where nothing differs',
      email,
      { ...email, isOptedIn: true, active: false },
      { do: 'nothing' },
    ],
    [
      'deactivates a deleted user',
      { deleted: true },
      { ...email, active: true },
      { do: 'update', changes: { active: false } },
    ],
  ])('%s', (_, told, held, expected) => {
    expect(plan(toFacts(told, 1), held)).toEqual(expected);
  });
});

test('custom data is one text whatever the order of its members', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  expect(canonicalJson({ a: 'x', b: [{ c: null, d: 1 }] })).toBe(
    canonicalJson({ b: [{ d: 1, c: null }], a: 'x' }),
  );
});

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
    gone: fc.boolean(),
    outOfScope: fc.boolean(),
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
    ['not verified', { emailVerified: false }, { emailVerified: true }],
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
    const email = 'a@x.example';
    const facts = foldAll([{ told: { email, emailVerified: true, disabled: false }, at: 1 }]);
    expect(desired(facts)).toEqual({ email, isOptedIn: true, active: true });
    expect(desired(fold(facts, toFacts({ disabled: true }, 2)))).toMatchObject({ active: false });
  });

  test('says nothing of what nobody told', () => {
    expect(desired(foldAll([{ told: { firstName: 'A' }, at: 1 }]))).toEqual({ firstName: 'A' });
  });

  test('keeps the e-mail address of a user who was told to have none, which ROQ could not hold', () => {
    expect(desired(foldAll([{ told: { email: null }, at: 1 }]))).toEqual({});
  });

  test('is not active while the provider has the user no more, until it tells of them again, or shows them', () => {
    const known = foldAll([{ told: { email: 'a@x.example', disabled: false }, at: 1 }]);
    const gone = fold(known, toFacts({ gone: true }, 3));
    expect(desired(gone).active).toBe(false);
    expect(plan(gone, null)).toEqual({ do: 'nothing' });
    // An event of before, that comes late, says nothing of now; nor does one of the very moment of the question.
    expect(desired(fold(gone, toFacts({ firstName: 'A' }, 2))).active).toBe(false);
    expect(desired(fold(gone, toFacts({ firstName: 'A' }, 3))).active).toBe(false);
    expect(desired(fold(gone, toFacts({ firstName: 'A' }, 4))).active).toBe(true);
    expect(desired(fold(gone, toFacts({ gone: false }, 4))).active).toBe(true);
    expect(desired(fold(gone, toFacts({ disabled: true }, 4))).active).toBe(false);
  });

  test('every fact is accounted for: none changes without a change in what ROQ should hold', () => {
    for (const name of factNames) {
      const value = ['emailVerified', 'disabled', 'deleted', 'gone', 'outOfScope'].includes(name)
        ? true
        : 'x';
      const facts = { email: { value: 'a', at: 1 }, [name]: { value, at: 1 } };
      expect(desired(facts), name).not.toEqual(name === 'email' ? {} : desired({ email: facts.email }));
    }
  });
});

describe('a verification', () => {
  const [a, b] = ['a@x.example', 'b@x.example'];
  const addresses = fc.constantFrom(a, b, 'c@x.example', null);
  const claim = fc.record(
    { email: addresses, emailVerified: fc.boolean(), emailVerifiedOf: fc.constantFrom(a, b) },
    { requiredKeys: [] },
  );
  const claims = fc.array(fc.record({ told: claim, at: fc.integer({ min: 1, max: 4 }) }), { maxLength: 8 });

  test('opts nobody in for an address that no event called verified, in whatever order and with whatever ties', () => {
    fc.assert(
      fc.property(claims, (events) => {
        const { email, isOptedIn } = desired(foldAll(events as { told: Told; at: number }[]));
        if (isOptedIn !== true) return;
        const isVerified = events.some(({ told, at }) => {
          if (told.emailVerified !== true) return false;
          const of = told.emailVerifiedOf ?? told.email;
          // One that names no address is about one that was told before it.
          return of ? of === email : events.some((other) => other.told.email === email && other.at < at);
        });
        expect(isVerified).toBe(true);
      }),
    );
  });

  test.each<[string, { told: Told; at: number }[], boolean | undefined]>([
    ['of the address that is held', [{ told: { email: a, emailVerified: true }, at: 1 }], true],
    [
      'of another address than the one told since',
      [
        { told: { email: a, emailVerified: true }, at: 1 },
        { told: { email: b }, at: 2 },
      ],
      false,
    ],
    [
      'of an address that was told again since',
      [
        { told: { email: a, emailVerified: true }, at: 1 },
        { told: { email: 'A@X.example' }, at: 2 },
      ],
      true,
    ],
    [
      'of an address that is not the user’s',
      [
        { told: { email: a }, at: 2 },
        { told: { emailVerified: true, emailVerifiedOf: b }, at: 3 },
      ],
      false,
    ],
    [
      'without an address, after the address was told',
      [
        { told: { email: a }, at: 1 },
        { told: { emailVerified: true }, at: 2 },
      ],
      true,
    ],
    [
      'without an address, before another one was told',
      [
        { told: { email: a }, at: 1 },
        { told: { emailVerified: true }, at: 2 },
        { told: { email: b }, at: 3 },
      ],
      false,
    ],
    [
      'without an address, at the moment that one was told',
      [
        { told: { email: a }, at: 1 },
        { told: { emailVerified: true }, at: 1 },
      ],
      false,
    ],
    ['before any address is known', [{ told: { emailVerified: true }, at: 1 }], undefined],
  ])('%s counts for the right one alone', (_, events, isOptedIn) => {
    expect(desired(foldAll(events)).isOptedIn).toBe(isOptedIn);
  });

  test('counts for addresses that differ in A to Z alone, and in nothing else', () => {
    const verified = toFacts({ email: 'ADA@x.example', emailVerified: true }, 1);
    const held = (email: string) => desired(fold(verified, toFacts({ email }, 2))).isOptedIn;
    expect(held('ada@X.example')).toBe(true);
    // The dotted capital I: toLowerCase makes two characters of it, and some databases an i.
    expect(held('ad\u0130@x.example')).toBe(false);
    expect(
      desired(
        fold(
          toFacts({ email: 'i@x.example', emailVerified: true }, 1),
          toFacts({ email: '\u0130@x.example' }, 2),
        ),
      ).isOptedIn,
    ).toBe(false);
    // The Kelvin sign, whose small letter is k.
    expect(
      desired(
        fold(
          toFacts({ email: 'k@x.example', emailVerified: true }, 1),
          toFacts({ email: '\u212a@x.example' }, 2),
        ),
      ).isOptedIn,
    ).toBe(false);
  });

  test('that was recorded without its address is believed, or says nothing: it opts nobody out', () => {
    const before = (emailAt: number): Facts => ({
      email: { value: a, at: emailAt },
      emailVerified: { value: true, at: 5 },
    });
    expect(desired(before(5)).isOptedIn).toBe(true);
    expect(desired(before(6)).isOptedIn).toBeUndefined();
    expect(plan(before(6), { email: a, isOptedIn: true })).toEqual({ do: 'nothing' });
  });

  test('is taken from ROQ with the address that it was of, even where nothing was ever told of one', () => {
    expect(plan(toFacts({ email: b }, 1), { email: a, isOptedIn: true })).toEqual({
      do: 'update',
      changes: { email: b, isOptedIn: false },
    });
    expect(plan(toFacts({ email: 'A@x.example' }, 1), { email: 'A@x.example', isOptedIn: true })).toEqual({
      do: 'nothing',
    });
  });
});

test('what no database text can hold is not sent to ROQ', () => {
  const facts = toFacts(
    { firstName: 'A\0da\ud800', customData: '{"a\\u0000":"\\ud800b","c":["\\u0000"]}' },
    1,
  );
  expect(desired(facts)).toEqual({ firstName: 'Ada\ufffd', customData: '{"a":"\ufffdb","c":[""]}' });
  expect(desired(toFacts({ customData: '{"a":"\\\\u0000"}' }, 1)).customData).toBe('{"a":"\\\\u0000"}');
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

describe('who is not mirrored', () => {
  const email = 'a@x.example';
  const known = toFacts({ email, firstName: 'A', emailVerified: true, disabled: false }, 1);
  const out = fold(known, toFacts({ outOfScope: true }, 2));
  const held = { email, firstName: 'Other', isOptedIn: false, active: true };

  test('is never created, and created once they come in', () => {
    expect(plan(out, null)).toEqual({ do: 'nothing' });
    expect(plan(fold(out, toFacts({ outOfScope: false }, 3)), null)).toMatchObject({ do: 'create' });
  });

  test('stays as ROQ has them, but for what shuts them out', () => {
    expect(plan(out, held)).toEqual({ do: 'nothing' });
    for (const told of [{ disabled: true }, { deleted: true as const }, { gone: true }])
      expect(plan(fold(out, toFacts(told, 3)), held)).toEqual({ do: 'update', changes: { active: false } });
    expect(plan(fold(out, toFacts({ disabled: false }, 3)), { ...held, active: false })).toEqual({
      do: 'nothing',
    });
  });

  test('of two of one moment it is the safer one that counts: out', () => {
    const both = fold(toFacts({ outOfScope: false }, 2), toFacts({ outOfScope: true }, 2));
    expect(both).toEqual(fold(toFacts({ outOfScope: true }, 2), toFacts({ outOfScope: false }, 2)));
    expect(plan(fold(known, both), null)).toEqual({ do: 'nothing' });
  });

  test('is gone all the same, for that the scope was told later does not show them again', () => {
    const gone = fold(known, toFacts({ gone: true }, 5));
    expect(desired(fold(gone, toFacts({ outOfScope: false }, 6)))).toMatchObject({ active: false });
  });
});

// What must hold in every history, each with its name.

export const invariants = {
  applied: '1: what was answered 2xx is applied in the end, or visibly waits, is parked or held',
  single:
    '2: never two ROQ users that we made for one reference, nor one beside another that had long been there',
  newest: '3: what ROQ ends with is what the newest facts say',
  ceiling: '4: never more deactivations than the ceiling lets through',
  settled: '5: repeating the whole history changes nothing and calls no mutation',
  silent: '6: no personal datum and no secret in a log line or an answer',
  alone: '7: whoever changes a user in ROQ has the lease of its record',
  answered:
    '8: a sound event is never refused, nor answered 5xx where nothing fails, and no function throws but for what it can not reach',
  verified: '9: nobody is opted in for an address that nothing called verified',
  banned: '10: no ban waits behind a profile value, or behind deletions',
  spared: '11: whoever can be brought in step is so within two hours, whatever is wrong with others',
  prompt: '12: new facts wait for no back-off',
  own: '13: no provider changes whom another told of first, unless they share their ids',
  scoped: '14: nobody is made in ROQ whom the scope leaves out',
} as const;

export type InvariantName = keyof typeof invariants;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

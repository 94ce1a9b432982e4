// The users that a benchmark begins with: the ROQ and the DynamoDB of the benchmark agree on them by their number.

const digits = 12;

/** The provider's id of a user. */
export function referenceOf(number: number): string {
  return `user_${String(number).padStart(24, '0')}`;
}

export function emailOf(number: number): string {
  return `user-${number}@bench.example`;
}

/** ROQ's id of a user. */
export function roqIdOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(digits, '0')}`;
}

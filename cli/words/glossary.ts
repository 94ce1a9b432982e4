// The words that the command line uses, explained as in docs/runbook.md.

export const glossary = {
  reference: "the auth provider's own id of a user, which never changes",
  waiting: 'ROQ demands an e-mail address, and no event has brought one yet; nothing is wrong',
  parked:
    'ROQ refuses the data, or no longer has the user: nothing is tried until newer data comes, or an operator acts',
  held: 'a deactivation over the ceiling: the user stays active until release, or drop',
  ceiling: 'how many deactivations are made in an hour, and in one run, without asking a person',
  stranger: 'a ROQ user that has no record here, so that nothing keeps it in step',
  adopt: 'to record a ROQ user that is there already, and to keep it in step from now on',
} as const;

export type Word = keyof typeof glossary;

/** A word or a code, and what it means. */
export type Term = readonly [term: string, meaning: string];

/** The words with what they mean. */
export function explainWords(words: readonly Word[]): readonly Term[] {
  return words.map((word) => [word, glossary[word]]);
}

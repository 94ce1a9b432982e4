// Asks a provider's directory the three questions by which a pull goes, and shows the answers.

import { randomInt } from 'node:crypto';
import type { Directory, DirectoryTraits, Profile } from '../directory.ts';
import { DirectoryError } from '../errors.ts';
import type { Check } from './check.ts';

const timeoutMs = 30_000;

const remedies = {
  list: 'Compare the settings under `directory` with the provider: docs/providers.md says which credential it takes, with which right.',
  one: 'The credential may list users and not read one: see its rights in docs/providers.md.',
  rights: 'Take away from the credential what it need not be allowed: see docs/providers.md.',
  nobody:
    'Nobody can be told to be gone by such an answer: with DELETIONS "apply" a pull makes nobody inactive. See whether the address is that of the provider itself.',
};

/**
 * Lists a page, asks for one of its users, and for one who never was: what documents leave open is measured by that. And says
 * what the credentials may.
 */
export async function checkDirectory(
  directory: Directory,
  traits: DirectoryTraits,
): Promise<readonly Check[]> {
  return [...(await checkAnswers(directory, traits)), await checkRights(directory, traits)];
}

/** A right too many is no failure, and yet something to do. */
async function checkRights(directory: Directory, { title, leastRights }: DirectoryTraits): Promise<Check> {
  const check = `${title}: rights`;
  if (leastRights === null) {
    const detail =
      'its key may do everything, for there is none that may less: only this function can read it';
    return { check, ok: true, detail, remedy: null };
  }
  return ask(check, remedies.list, async () => {
    const granted = (await directory.rights?.()) ?? null;
    if (granted === null)
      return { ok: true, detail: `needs ${leastRights.join(', ')}; what it has it does not say` };
    const excess = granted.filter((right) => !leastRights.includes(right));
    return excess.length === 0
      ? { ok: true, detail: `may ${granted.join(', ')}, and no more` }
      : { ok: true, detail: `may more than it needs: ${excess.join(', ')}`, remedy: remedies.rights };
  });
}

async function checkAnswers(directory: Directory, { title }: DirectoryTraits): Promise<readonly Check[]> {
  let listed: readonly Profile[] = [];
  const name = (question: string) => `${title}: ${question}`;
  const list = await ask(name('list'), remedies.list, async () => {
    const page = await firstPage(directory);
    listed = page.profiles;
    const total = page.total === null ? '' : ` of ${page.total}`;
    const unread = page.unreadable > 0 ? `, and ${page.unreadable} that can't be read` : '';
    return { ok: true, detail: `answers with ${listed.length} users${total}${unread}` };
  });
  const [one] = listed;
  if (!list.ok || !one) return [list];
  return [
    list,
    await ask(name('one of them'), remedies.one, async () => {
      const { profile } = await directory.get(one.reference, patience());
      return profile
        ? { ok: true, detail: `tells ${Object.keys(profile.told).join(', ')}` }
        : { ok: false, detail: 'says that there is no such user, though it lists them' };
    }),
    await ask(name('one who never was'), remedies.nobody, async () => {
      const { profile } = await directory.get(toStranger(one.reference), patience());
      return profile
        ? { ok: false, detail: 'is said to be there' }
        : { ok: true, detail: 'is said not to be there, as documented' };
    }),
  ];
}

async function ask(
  check: string,
  remedy: string,
  question: () => Promise<Pick<Check, 'ok' | 'detail'> & { readonly remedy?: string }>,
): Promise<Check> {
  try {
    const { ok, detail, remedy: advice = null } = await question();
    return { check, ok, detail, remedy: ok ? advice : remedy };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return { check, ok: false, detail: `${error.code}: ${error.message}`, remedy };
  }
}

// An export takes some questions before it shows anybody.
const maxQuestions = 20;

async function firstPage(directory: Directory) {
  let page = await directory.list(null, patience());
  for (let asked = 1; page.profiles.length === 0 && page.next !== null && asked < maxQuestions; asked++) {
    page = await directory.list(page.next, patience());
  }
  return page;
}

/** An id of the same form that nobody has: its last letters and digits are drawn anew, each for one of its kind. */
function toStranger(reference: string): string {
  const kept = Math.max(0, reference.length - 12);
  const drawn = [...reference.slice(kept)].map((character) => {
    if (/\d/.test(character)) return String(randomInt(10));
    return /[a-f]/.test(character) ? String.fromCharCode(97 + randomInt(6)) : character;
  });
  return `${reference.slice(0, kept)}${drawn.join('')}`;
}

function patience(): AbortSignal {
  return AbortSignal.timeout(timeoutMs);
}

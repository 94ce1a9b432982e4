// What people do around us: in ROQ by hand, and with the secrets.

import type { RoqUser } from '../../local/roq-user.ts';
import type { UserUpdate } from '../../local/roq-users.ts';
import type { Book } from './book.ts';
import type { Clock } from './clock.ts';
import { canary, type Edit, type Step } from './history.ts';
import { deepData } from './roq.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;

export type HandsOptions = {
  readonly clock: Clock;
  readonly world: World;
  readonly book: Book;
  /** The ROQ users of a reference. */
  readonly usersOf: (reference: string) => readonly RoqUser[];
};

export function createHands({ clock, world, book, usersOf }: HandsOptions) {
  let rotating = Promise.resolve();
  return { change, rotate, poison };

  async function poison(reference: string): Promise<void> {
    const [value, at] = [`${canary} no JSON`, clock.nowMs];
    book.tell(reference, [{ name: 'customData', value, at, by: null }]);
    await world.write(reference, { customData: { value, at } });
  }

  /** A change in ROQ that is not ours. */
  function change(step: Step): void {
    const { users, expireTokens } = world.roq;
    switch (step.is) {
      case 'expiry':
        expireTokens();
        return;
      case 'stranger': {
        const { reference, isOptedIn } = step;
        book.noteEdit(reference);
        users.create({ reference, isOptedIn, email: `hand${step.id}@x.example` });
        return;
      }
      case 'removal':
        book.noteRemoval(step.reference);
        for (const { id, active } of usersOf(step.reference)) {
          // Whoever is made in their place by hand has to be deactivated once more: it was undone, as by an edit.
          if (active === false) book.excuse(1);
          users.remove(id);
        }
        return;
      case 'edit': {
        book.noteEdit(step.reference);
        const [user] = usersOf(step.reference);
        if (user?.active === false && step.changes.active) book.excuse(1);
        if (user) users.update(user.id, toUpdate(step.changes));
      }
    }
  }

  /** Brings in another secret beside the one that is signed with, has it signed with, and takes the old one away. */
  async function rotateOnce(): Promise<void> {
    const { keys, secrets } = world;
    const next = secrets.find((secret) => secret !== keys.signing) ?? '';
    keys.known = [keys.signing, next];
    await clock.sleep(2 * minuteMs);
    keys.signing = next;
    await clock.sleep(10 * minuteMs);
    keys.known = [keys.signing];
  }

  /** One at a time: the end of one would take away the secret that another has brought in. */
  function rotate(): Promise<void> {
    rotating = rotating.then(rotateOnce);
    return rotating;
  }
}

const largeChars = 420_000;

/** What an app may keep in custom data: more than a record holds, or deeper than some code reads. */
function toUpdate({ customData, ...changes }: Edit): UserUpdate {
  if (customData === undefined) return changes;
  return { ...changes, customData: customData === 'deep' ? deepData : { large: 'x'.repeat(largeChars) } };
}

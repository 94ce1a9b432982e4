// The senders of all providers, in the order of the registry of providers.

import { clerk } from './clerk.ts';
import type { Sender } from './sender.ts';

export const senders: readonly Sender[] = [clerk];

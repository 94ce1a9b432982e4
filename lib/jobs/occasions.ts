// Why a provider is pulled between its daily pulls: it said that events were lost, or it fell silent.

import type { Documents, Entry, Heard, Notice } from '../dynamodb/documents.ts';
import { sourceOf } from '../event.ts';
import { beginScheduled } from './pull.ts';

type Ports = {
  readonly documents: Pick<Documents, 'get' | 'put' | 'remove' | 'list'>;
  readonly now: () => number;
};

/** The notices of providers that events were lost, or that they will send none. @throws UnavailableError */
export function readNotices({ documents }: Pick<Ports, 'documents'>): Promise<readonly Entry<Notice>[]> {
  return Array.fromAsync(documents.list<Notice>('notice'));
}

/** Begins the pull of each notice, and forgets the notice once it has had one. @throws UnavailableError */
export async function pullNoticed(ports: Ports, notices: readonly Entry<Notice>[]): Promise<void> {
  for (const { id: provider, document } of notices) {
    const isBegun = await beginScheduled(ports, provider, `notice-${new Date(document.at).toISOString()}`);
    if (isBegun) await ports.documents.remove('notice', provider);
  }
}

/**
 * Begins a pull of each provider that has been silent for so long, once a silence: if it has users of whom nobody told, that
 * is found before a person is called. @throws UnavailableError
 */
export async function pullSilent(
  ports: Ports,
  providers: readonly string[],
  silenceMs: number,
): Promise<void> {
  const heardAt = new Map<string, number>();
  for await (const { id, document } of ports.documents.list<Heard>('heard')) {
    const source = sourceOf(id);
    heardAt.set(source, Math.max(document.at, heardAt.get(source) ?? 0));
  }
  for (const provider of providers) {
    const at = heardAt.get(provider);
    if (at === undefined || ports.now() - at < silenceMs) continue;
    await beginScheduled(ports, provider, `silent-${new Date(at).toISOString()}`);
  }
}

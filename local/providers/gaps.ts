// What a registered provider still lacks, and what to do about it.

import type { MirroredKind, Provider } from '../../lib/providers/provider.ts';
import { type Sender, sampleUser } from './sender.ts';

export type Gap = { readonly provider: string; readonly lacks: string; readonly toDo: string };

export type Registered = {
  readonly providers: readonly Pick<Provider, 'name' | 'mirrored'>[];
  readonly senders: readonly Sender[];
  /** README.md and docs/providers.md, as they are. */
  readonly readme: string;
  readonly docs: string;
};

/** Everything that a provider lacks, and each sender that lacks a provider. */
export function findGaps({ providers, senders, readme, docs }: Registered): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const { name, mirrored } of providers) {
    const add = (lacks: string, toDo: string) => gaps.push({ provider: name, lacks, toDo });
    const sender = senders.find((candidate) => candidate.name === name);
    if (!sender)
      add(
        'a sender',
        `write local/providers/FOLDER/${name}.ts, FOLDER as in lib/providers/, and list it in local/providers/registry.ts`,
      );
    else
      for (const { kind } of mirrored.filter((kind) => !hasExample(sender, kind)))
        add(`an example of ${kind}`, 'add one to the examples of its sender in local/providers/');
    if (!docs.includes(`\n## ${name}\n`))
      add('a section in docs/providers.md', 'run npm run provider -- readme');
    if (!readme.includes(`](docs/providers.md#${name})`))
      add('a row in README.md', 'run npm run provider -- readme');
  }
  const unread = senders.filter((sender) => !providers.some(({ name }) => name === sender.name));
  for (const { name } of unread)
    gaps.push({
      provider: name,
      lacks: 'an entry in lib/providers/registry.ts, though it has a sender',
      toDo: `list lib/providers/FOLDER/${name}.ts there`,
    });
  return gaps;
}

function hasExample({ examples }: Sender, { kind }: MirroredKind): boolean {
  const events = Object.values(examples).flatMap(({ wanted }) => wanted(sampleUser('user-1'), 0));
  // Some kinds are URNs, and senders differ in their case.
  return events.some((event) => event.told && event.kind.toLowerCase() === kind.toLowerCase());
}

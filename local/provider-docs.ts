// What there is to know of every provider, in one form, and as the tables of README.md and docs/providers.md.

import * as v from 'valibot';
import { coreSettings } from '../lib/config/config.ts';
import { sourceOf } from '../lib/event.ts';
import { cognitoKinds, cognitoSettings } from '../lib/providers/cognito/cognito.ts';
import { webhookSettings } from '../lib/providers/connect.ts';
import { directories } from '../lib/providers/directories.ts';
import type { MirroredKind, Provider } from '../lib/providers/provider.ts';
import { providers } from '../lib/providers/registry.ts';
import { apis } from './providers/apis.ts';
import { senders } from './providers/registry.ts';
import { type Sender, sampleUser } from './providers/sender.ts';

export type SettingSheet = {
  readonly name: string;
  readonly isRequired: boolean;
  /** What holds where nothing is set; null: nothing does. */
  readonly otherwise: string | null;
  readonly description: string;
};

/** Whether its events tell it, or only its API, which is asked then; or neither. */
type Source = 'event' | 'API' | null;

type Tells = {
  readonly profile: Source;
  readonly verified: Source;
  readonly disabled: Source;
  readonly deleted: Source;
};

type AskedSheet = {
  /** As in DIRECTORIES. */
  readonly name: string;
  readonly setUp: string;
  readonly cannotSee: string;
  readonly settings: readonly SettingSheet[];
  /** How long a list of so many users takes at least, by the pace. */
  readonly secondsFor: (users: number) => number;
};

export type ProviderSheet = {
  readonly name: string;
  readonly title: string;
  readonly family: string;
  readonly mirrored: readonly MirroredKind[];
  /** Kinds after which the provider is asked for the user, or for all users, where it is asked. */
  readonly pings: readonly string[];
  readonly notices: readonly string[];
  readonly ignored: readonly string[];
  readonly settings: readonly SettingSheet[];
  readonly setUp: string;
  readonly retries: string;
  readonly tells: Tells;
  readonly cannotTell: string | null;
  /** How its users are asked for; null where nobody asks. */
  readonly asked: AskedSheet | null;
  /** The names by which `npm run send` knows its events. */
  readonly examples: readonly string[];
};

/** Every provider, in the order of the registry, and the one that has no webhooks. */
export function listProviders(): readonly ProviderSheet[] {
  return [...providers.map(toSheet), cognito];
}

const cognito: ProviderSheet = {
  name: 'cognito',
  title: 'Amazon Cognito',
  family: 'none: AWS calls the function',
  examples: [],
  mirrored: cognitoKinds,
  pings: [],
  notices: [],
  ignored: ['any other trigger or call, such as `AdminUpdateUserAttributes`'],
  settings: listSettings(cognitoSettings),
  setUp:
    'Name the function `CognitoTrigger` (an output of the deployment) as the PostConfirmation trigger of the user pool, and as its PostAuthentication trigger where administrators create users or profiles change. What administrators do comes from CloudTrail, once the account keeps a trail of management events. `cognito` is no name for `PROVIDERS`, which may be missing where nobody else sends.',
  retries:
    'Cognito waits 5 s, tries thrice, and is never kept from signing a user up or in. What is lost rings the alarm `cognito-failures`; the next pull finds it. A call from CloudTrail is tried twice more.',
  tells: { profile: 'event', verified: 'event', disabled: 'event', deleted: 'event' },
  cannotTell: 'What administrators create or change in a profile, before the next sign-in.',
  asked: findAsked('cognito'),
};

function toSheet(provider: Provider): ProviderSheet {
  const { name, title, family, mirrored, pings = [], notices = [], ignored, settings } = provider;
  const sender = senders.find((candidate) => candidate.name === name);
  return {
    name,
    title,
    family,
    mirrored,
    pings,
    notices,
    ignored,
    settings: listSettings(settings),
    setUp: sender?.setUp ?? '',
    retries: sender?.retries ?? '',
    tells: findTold(provider, sender),
    cannotTell: sender?.cannotTell ?? null,
    asked: findAsked(sourceOf(name)),
    examples: Object.keys(sender?.examples ?? {}),
  };
}

function findAsked(name: string): AskedSheet | null {
  const directory = directories.find((candidate) => candidate.name === name);
  const api = apis.find((candidate) => candidate.name === name);
  if (!directory || !api) return null;
  const { setUp, cannotSee } = api;
  const { pageSize, requestsPerSecond } = directory;
  return {
    name,
    setUp,
    cannotSee,
    settings: listSettings(directory.settings),
    secondsFor: (users) => Math.ceil(users / pageSize) / requestsPerSecond,
  };
}

// What the examples tell, which the tests send: so it is what is read, and not what is said to be.
function findTold({ lookUp }: Provider, sender: Sender | undefined): Tells {
  const told = Object.values(sender?.examples ?? {})
    .flatMap(({ wanted }) => wanted(sampleUser('ada'), 0))
    .map((event) => event.told ?? {});
  const otherwise = lookUp ? 'API' : null;
  return {
    profile: told.some(({ email }) => email) ? 'event' : otherwise,
    verified: told.some(({ emailVerified }) => emailVerified) ? 'event' : null,
    disabled: told.some(({ disabled }) => disabled) ? 'event' : otherwise,
    deleted: told.some(({ deleted }) => deleted) ? 'event' : null,
  };
}

function listSettings(settings: v.ObjectEntries): readonly SettingSheet[] {
  return Object.entries(settings).map(([name, schema]) => {
    const { success, output } = v.safeParse(schema, undefined);
    return {
      name,
      isRequired: !success,
      otherwise: success && typeof output !== 'object' ? String(output) || null : null,
      description: 'pipe' in schema ? (v.getDescription(schema) ?? '') : '',
    };
  });
}

/** A kind without the address or the URN that it begins with. */
export function shortKind(kind: string): string {
  return kind.replace(/^https:.*\/event-type\//, '').replace(/^urn:ietf:params:scim:event:/, '');
}

/** README.md with its tables of providers and of settings written anew. */
export function writeReadme(readme: string): string {
  return replaceBetween(
    replaceBetween(readme, 'providers', providerTable()),
    'settings',
    settingTable(listSettings({ ...coreSettings, ...webhookSettings })),
  );
}

function replaceBetween(text: string, name: string, table: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`There is no ${start} … ${end}`);
  return `${text.slice(0, from)}${start}\n${table}\n${text.slice(to)}`;
}

function providerTable(): string {
  const rows = listProviders().map(({ name, title, family, tells, cannotTell, asked }) => [
    `[${title}](docs/providers.md#${name})`,
    `\`${name}\``,
    family,
    toMark(tells.profile),
    toMark(tells.verified),
    toMark(tells.disabled),
    toMark(tells.deleted),
    asked ? '✓' : 'no',
    cannotTell ?? '',
  ]);
  const told = ['profile', 'verified', 'disabled', 'deleted'];
  return toTable(['provider', 'name', 'signature', ...told, 'asked', "can't tell"], rows);
}

function toMark(source: Source): string {
  if (source === null) return '–';
  return source === 'event' ? '✓' : 'read back';
}

function settingTable(settings: readonly SettingSheet[]): string {
  const rows = settings.map(({ name, isRequired, otherwise, description }) => [
    `\`${name}\``,
    description,
    isRequired ? 'must be set' : otherwise ? `\`${otherwise}\`` : '',
  ]);
  return toTable(['variable', 'meaning', 'default'], rows);
}

/** The whole of docs/providers.md. */
export function writeProviderDocs(): string {
  const sections = listProviders().map(toSection);
  return `${[documentsMarker, '# Providers', intro, ...sections].join('\n\n')}\n`;
}

const documentsMarker = '<!-- written by: npm run provider -- readme -->';

const intro =
  'What to configure for each, and what its ways mean here. Where a setting takes secrets, several may stand side by side: add the new one, change it at the provider, remove the old one.';

function toSection({
  name,
  title,
  family,
  setUp,
  retries,
  cannotTell,
  asked,
  ...sheet
}: ProviderSheet): string {
  const [example] = sheet.examples;
  return [
    `## ${name}`,
    example ? `${title}; ${family}; address \`https://…/webhooks/${name}\`.` : `${title}; ${family}.`,
    `**At the provider.** ${toMarkdown(setUp)}`,
    `**Sent again.** ${toMarkdown(retries)}`,
    ...(cannotTell ? [`**Can't tell.** ${toMarkdown(cannotTell)}`] : []),
    toTable(
      ['event', 'means'],
      sheet.mirrored.map(({ kind, means }) => [`\`${kind}\``, means]),
    ),
    ...toPinging('Where it is asked, the user is asked for after', sheet.pings),
    ...toPinging('Where it is asked, all users are asked for after', sheet.notices),
    `Accepted and left alone: ${sheet.ignored.map(toIgnored).join(', ')}.`,
    settingTable(sheet.settings),
    ...(asked
      ? toAskedParts(asked)
      : ['**Asked.** Nobody asks this provider: what no event tells comes by a backfill alone.']),
    ...(example ? [`Try it: \`npm run send -- ${name} ${example}\``] : []),
  ].join('\n\n');
}

function toPinging(when: string, kinds: readonly string[]): readonly string[] {
  return kinds.length > 0 ? [`${when} ${kinds.map(toIgnored).join(', ')}.`] : [];
}

function toAskedParts({ name, setUp, cannotSee, settings, secondsFor }: AskedSheet): readonly string[] {
  const [small, large] = [10_000, 1_000_000].map((users) => toDuration(secondsFor(users)));
  return [
    `**Asked** as \`${name}\`, with these settings under \`directory\` ([pull.md](pull.md)). ${toMarkdown(setUp)}`,
    `**Can't see.** ${toMarkdown(cannotSee)} A list of 10,000 users takes ${small} at least, one of 1,000,000 ${large}.`,
    settingTable(settings),
  ];
}

function toDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

// Some are words and no names.
function toIgnored(kind: string): string {
  return kind.includes(' ') ? toMarkdown(kind) : `\`${kind}\``;
}

function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const cell = (text: string) => toMarkdown(text).replaceAll('|', '\\|');
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map((row) => line(row.map(cell)))].join(
    '\n',
  );
}

// Outside of code, "<name>" would be taken for a tag, and "*" for emphasis.
function toMarkdown(text: string): string {
  const parts = text.split('`');
  return parts
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('*', '\\*')))
    .join('`');
}

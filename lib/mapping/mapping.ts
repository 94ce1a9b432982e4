// What an operator says of a provider's users: which of its members becomes which field, and who is mirrored at all. Pure.

import type { Directory } from '../directory.ts';
import type { LookUp, Original, UserEvent } from '../event.ts';
import type { ProfileName, Told } from '../user.ts';

/** What an operator says of one provider. */
export type ProviderMapping = {
  /** The fields that it fills; what the provider's own reader has of them is not told. */
  readonly fields: readonly ProfileName[];
  /** Whether it says who is mirrored. */
  readonly hasScope: boolean;
  /** What the object tells of these; `failed`: what could not be worked out, by name, and is not told. */
  read(original: Original): { readonly told: Told; readonly failed: readonly string[] };
};

/** As the settings have it: by provider, an expression for each field and for `scope`; and tables of texts. */
export type MappingSettings = {
  readonly providers: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export type Mapping = {
  readonly settings: MappingSettings;
  /** By the provider's name, as in PROVIDERS, in DIRECTORIES, or of its export; undefined where nothing is said of it. */
  readonly get: (provider: string) => ProviderMapping | undefined;
};

/** Everything is told as the providers' own readers have it. */
export const noMapping: Mapping = { settings: { providers: {}, tables: {} }, get: () => undefined };

/** What a reader of a provider tells of a user. */
export type Readable = {
  readonly told: Told | null;
  readonly original?: Original;
  readonly isPartial?: boolean;
  readonly unread?: readonly string[];
};

/**
 * What is told as the operator wants it. Where the user's object is not at hand, the mapped fields are not told, and the
 * event is partial: the provider has to be asked.
 */
export function mapTold<Read extends Readable>(mapping: ProviderMapping | undefined, read: Read): Read {
  const { original } = read;
  const bare = { ...read, original: undefined };
  if (!mapping || read.told === null || read.told.deleted) return bare;
  const own = without(read.told, mapping.fields);
  if (!original) return { ...bare, told: own, isPartial: true };
  const { told, failed } = mapping.read(original);
  const all = { ...own, ...told };
  const mapped = { ...bare, told: all.outOfScope ? outsiderOf(all) : all };
  return failed.length > 0 ? { ...mapped, unread: [...(read.unread ?? []), ...failed] } : mapped;
}

function without(told: Told, fields: readonly ProfileName[]): Told {
  return Object.fromEntries(Object.entries(told).filter(([name]) => !fields.some((field) => field === name)));
}

/** Of somebody who is not mirrored nothing is kept but that, and whether they may come in. */
function outsiderOf({ outOfScope, disabled, deleted, gone }: Told): Told {
  return {
    ...(outOfScope !== undefined && { outOfScope }),
    ...(disabled !== undefined && { disabled }),
    ...(deleted !== undefined && { deleted }),
    ...(gone !== undefined && { gone }),
  };
}

/** Every event as the operator wants it told. */
export function mapEach(
  mapping: ProviderMapping | undefined,
  events: readonly UserEvent[],
): readonly UserEvent[] {
  return events.map((event) => mapTold(mapping, event));
}

/** A look-up whose users are told as the operator wants it. */
export function mapLookUp(mapping: ProviderMapping | undefined, lookUp: LookUp | null): LookUp | null {
  if (!lookUp || !mapping) return lookUp;
  return async (reference) => {
    const user = await lookUp(reference);
    return user && mapTold(mapping, user);
  };
}

/** A directory whose users are told as the operator wants it. */
export function mapDirectory(mapping: ProviderMapping | undefined, directory: Directory): Directory {
  if (!mapping) return directory;
  return {
    ...directory,
    list: async (...question) => {
      const page = await directory.list(...question);
      return { ...page, profiles: page.profiles.map((profile) => mapTold(mapping, profile)) };
    },
    get: async (...question) => {
      const got = await directory.get(...question);
      return { ...got, profile: got.profile && mapTold(mapping, got.profile) };
    },
  };
}

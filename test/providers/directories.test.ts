// Every directory against its API over real HTTP: a row of the table is a provider, and says only what is its own.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import type { Directory, ListedPage } from '../../lib/directory.ts';
import { DirectoryError } from '../../lib/errors.ts';
import { directories } from '../../lib/providers/directories.ts';
import type { DirectoryProvider } from '../../lib/providers/directory.ts';
import type { Told } from '../../lib/user.ts';
import {
  type ApiFault,
  type ApiUser,
  apiUser,
  type ProviderApi,
  type RunningApi,
  startApi,
} from '../../local/providers/api.ts';
import { apis } from '../../local/providers/apis.ts';

type Expected = {
  /** What is told of a user, where all is told: see `apiUser`. */
  readonly told: (user: ApiUser) => Told;
  /** The user's own time; null where none moves with every change. */
  readonly at: (user: ApiUser) => number | null;
  /** False: it never says how long it wants to be left alone. */
  readonly saysHowLong?: false;
};

const expected: Readonly<Record<string, Expected>> = {
  kratos: { told: toWholeTold, at: () => null },
  clerk: {
    told: (user) => ({ ...toWholeTold(user), locale: null, avatarUrl: 'https://img.clerk.com/of-somebody' }),
    at: ({ changedAtMs }) => changedAtMs,
  },
  workos: {
    told: ({ email, firstName, lastName, emailVerified }) => ({
      email,
      firstName,
      lastName,
      emailVerified,
      avatarUrl: null,
    }),
    at: ({ changedAtMs }) => changedAtMs,
  },
  okta: {
    told: ({ email, phone, firstName, lastName, disabled }) => ({
      email,
      phone,
      firstName,
      lastName,
      disabled,
    }),
    at: ({ changedAtMs }) => changedAtMs,
  },
  entra: {
    told: ({ email, phone, firstName, lastName, disabled }) => ({
      email,
      phone,
      firstName,
      lastName,
      disabled,
      locale: null,
    }),
    at: () => null,
  },
  keycloak: {
    told: (user) => ({ ...toWholeTold(user), locale: null, timezone: null, avatarUrl: null }),
    at: () => null,
  },
  firebase: {
    told: ({ email, phone, emailVerified, disabled }) => ({
      email,
      phone,
      emailVerified,
      disabled,
      avatarUrl: null,
    }),
    at: () => null,
  },
  supabase: { told: toWholeTold, at: ({ changedAtMs }) => changedAtMs },
  cognito: {
    told: toWholeTold,
    at: ({ changedAtMs }) => changedAtMs,
    saysHowLong: false,
  },
  // Whom nobody ever blocked has no such member, and comes with everybody else in one file.
  auth0: {
    told: (user) => {
      const { disabled, ...told } = toWholeTold(user);
      return disabled ? { ...told, disabled } : told;
    },
    at: ({ changedAtMs }) => changedAtMs,
  },
};

function toWholeTold({ email, phone, firstName, lastName, emailVerified, disabled }: ApiUser): Told {
  return { email, phone, firstName, lastName, emailVerified, disabled };
}

test('every directory has an API that stands in for it, and says what is expected of it', () => {
  const names = directories.map(({ name }) => name);
  expect(apis.map(({ name }) => name)).toEqual(names);
  expect(Object.keys(expected)).toEqual(names);
});

describe.each(directories.map((provider) => [provider.name, provider] as const))('%s', (name, provider) => {
  const api = apis.find((candidate) => candidate.name === name) as ProviderApi;
  const { told, at, saysHowLong = true } = expected[name] as Expected;
  // Auth0's come in one file, whose parts are too large for a test.
  const isFile = name === 'auth0';
  const pageSize = isFile ? 1_000 : provider.pageSize;
  let running: RunningApi;
  let directory: Directory;

  beforeAll(async () => {
    running = await startApi(api);
    directory = connect(provider, running);
  });
  beforeEach(() => {
    running.failAs(null);
    running.users.clear();
    running.asked.length = 0;
  });
  afterAll(() => running.close());

  const fill = (count: number) => {
    for (let n = 1; n <= count; n++) put(apiUser(api, n));
  };
  const put = (user: ApiUser) => running.users.set(user.id, user);
  const user = apiUser(api, 1);

  test('lists everybody once, page after page to the end', async () => {
    fill(2 * pageSize + 1);
    const pages = await listAll(directory);
    // For some, a page without anybody is the end.
    const sizes = pages.map(({ profiles }) => profiles.length).filter((size) => size > 0);
    expect(sizes).toEqual(isFile ? [2 * pageSize + 1] : [pageSize, pageSize, 1]);
    const listed = pages.flatMap(({ profiles }) => profiles.map(({ reference }) => reference));
    expect(new Set(listed)).toEqual(new Set(running.users.keys()));
  });

  test('ends where the last page is full, and where there is nobody', async () => {
    fill(pageSize);
    const pages = await listAll(directory);
    expect(pages.flatMap(({ profiles }) => profiles)).toHaveLength(pageSize);
    running.users.clear();
    expect((await listAll(directory)).flatMap(({ profiles }) => profiles)).toEqual([]);
  });

  test.each<readonly [string, Partial<ApiUser>]>([
    ['is as it should be', {}],
    ['is not verified', { emailVerified: false }],
    ['is disabled', { disabled: true }],
    ['changed later', { changedAtMs: Date.UTC(2026, 5, 1, 12, 30, 15) }],
  ])('tells of a user who %s the same by list and by get', async (_what, changes) => {
    const changed = { ...user, ...changes };
    put(changed);
    const profile = {
      ...{ reference: changed.id, told: told(changed), at: at(changed), unread: [] },
      // For mappings.
      original: { user: expect.any(Object), isWhole: true },
    };
    const pages = await listAll(directory);
    expect(pages.flatMap(({ profiles }) => profiles)).toEqual([profile]);
    expect((await directory.get(changed.id, patience())).profile).toEqual(profile);
  });

  test('dates an answer by the moment before the question at the latest', async () => {
    put(user);
    const before = Date.now();
    const page = await directory.list(null, patience());
    const got = await directory.get(user.id, patience());
    for (const dated of [page, got]) {
      expect(dated.at).toBeLessThanOrEqual(Date.now());
      // The Date of an answer counts whole seconds.
      expect(dated.at).toBeGreaterThan(before - 1_000);
    }
  });

  test('says of a user who is not there that there is none', async () => {
    put(user);
    const got = await directory.get(apiUser(api, 2).id, patience());
    expect(got.profile).toBeNull();
  });

  test.each<readonly [ApiFault, DirectoryError['code'] | 'any']>([
    ['throttled', 'directory_throttled'],
    ['forbidden', 'directory_unauthorized'],
    ['unavailable', 'directory_unavailable'],
    ['broken', 'directory_unavailable'],
    ['elsewhere', 'any'],
    ['other shape', 'any'],
  ])('concludes nothing where the API is %s', async (fault, code) => {
    put(user);
    running.failAs(fault);
    const questions = [
      () => directory.list(null, patience()),
      () => directory.get(user.id, patience()),
      () => directory.get(apiUser(api, 2).id, patience()),
      ...(directory.known ? [() => directory.known?.([user.id], patience())] : []),
    ];
    for (const ask of questions) {
      const error = await Promise.resolve(ask()).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(DirectoryError);
      if (code !== 'any') expect(error).toMatchObject({ code });
    }
  });

  test('concludes nothing with credentials that are wrong', async () => {
    put(user);
    const environment = Object.fromEntries(
      Object.entries(running.environment).map(([setting, value]) => [
        setting,
        /^https?:/.test(value) ? value : spoiled(value),
      ]),
    );
    const wrong = connect(provider, { environment });
    await expect(wrong.get(apiUser(api, 2).id, patience())).rejects.toBeInstanceOf(DirectoryError);
    await expect(wrong.list(null, patience())).rejects.toBeInstanceOf(DirectoryError);
  });

  test('says how long a provider wants to be left alone', async () => {
    running.failAs('throttled');
    const error = await directory.list(null, patience()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'directory_throttled' });
    const { waitMs } = error as DirectoryError;
    if (!saysHowLong) return expect(waitMs).toBeNull();
    // The stand-in says 7 seconds, some of them as a moment in whole seconds.
    expect(waitMs).toBeGreaterThan(5_000);
    expect(waitMs).toBeLessThanOrEqual(8_000);
  });

  test('gives up when its time is over', async () => {
    const over = AbortSignal.abort();
    await expect(directory.list(null, over)).rejects.toMatchObject({ code: 'directory_unavailable' });
    await expect(directory.get(user.id, over)).rejects.toMatchObject({ code: 'directory_unavailable' });
  });

  test('says who of several is there, where it can', async () => {
    fill(3);
    const { known } = directory;
    if (!known) return expect(provider.maxKnown).toBe(0);
    const many = Array.from({ length: provider.maxKnown }, (_, n) => apiUser(api, n + 1).id);
    expect(await known(many, patience())).toEqual(new Set(running.users.keys()));
  });
});

/** A credential of the same form that is not right. */
function spoiled(value: string): string {
  if (value.startsWith('{')) return value.replace('"client_email":"', '"client_email":"no-');
  return `${value.slice(0, -4)}0000`;
}

function connect(provider: DirectoryProvider, { environment }: Pick<RunningApi, 'environment'>): Directory {
  return provider.connect(readSettings(provider.settings, environment));
}

function patience(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

async function listAll(directory: Directory): Promise<readonly ListedPage[]> {
  const pages: ListedPage[] = [];
  let cursor: string | null = null;
  do {
    const page: ListedPage = await directory.list(cursor, patience());
    pages.push(page);
    cursor = page.next;
    expect(pages.length).toBeLessThan(100);
  } while (cursor !== null);
  return pages;
}

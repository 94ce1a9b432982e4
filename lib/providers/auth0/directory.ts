// Auth0's Management API. Its list ends after 1,000 users, whatever matches, so that everybody is exported by a job instead,
// whose file is then read in parts. https://auth0.com/docs/manage-users/user-migration/bulk-user-exports
//
// A sign-in moves updated_at as well. Whether the export is read where users are written is not said.

import * as v from 'valibot';
import { optionalUrl, secretText, text } from '../../config/settings.ts';
import { type Got, hourMs, type ListedPage, type Profile } from '../../directory.ts';
import { DirectoryError } from '../../errors.ts';
import { type ExportLine, readUsers } from '../../exports/read.ts';
import { openSource, SourceError } from '../../exports/source.ts';
import { parseJson } from '../../json.ts';
import { readOwnToken } from '../../signatures/own-token.ts';
import { type DirectoryProvider, expectUser, invalidAnswer, type RowShape, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { directoryTokens } from '../directory-token.ts';
import { auth0Export } from './export.ts';

const settings = {
  AUTH0_TENANT_DOMAIN: text(
    "The tenant's own domain, <name>.<region>.auth0.com, even where users see another.",
  ),
  AUTH0_CLIENT_ID: text('The machine-to-machine application that asks.'),
  AUTH0_CLIENT_SECRET: secretText("That application's client secret."),
  AUTH0_API_URL: optionalUrl("Address of the API; empty: https:// and the tenant's domain."),
};

const user = auth0Export as RowShape;

// So many lines at once: the file has to be fetched anew for each part.
const partLines = 20_000;

// What is read, and what a mapping may want.
const fields = [...Object.keys(auth0Export.row.entries), 'app_metadata', 'user_metadata'].map((name) => ({
  name,
}));

export const auth0Directory: DirectoryProvider<typeof settings> = {
  name: 'auth0',
  title: 'Auth0',
  settings,
  pageSize: partLines,
  // A free tenant takes 2 requests a second, and exports are few.
  requestsPerSecond: 1,
  leastRights: ['read:users'],
  maxKnown: 0,
  lagMs: hourMs,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ AUTH0_TENANT_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_API_URL }) {
    const base = AUTH0_API_URL || `https://${AUTH0_TENANT_DOMAIN}`;
    const tokens = directoryTokens(new URL('/oauth/token', base), () => ({
      grant_type: 'client_credentials',
      client_id: AUTH0_CLIENT_ID,
      client_secret: AUTH0_CLIENT_SECRET,
      audience: `https://${AUTH0_TENANT_DOMAIN}/api/v2/`,
    }));

    async function ask(path: string, signal: AbortSignal, body?: object) {
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${await tokens.get()}`,
        'content-type': 'application/json',
      };
      const request = { headers, signal, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
      return askDirectory(new URL(`/api/v2/${path}`, base), request, 'unixSeconds');
    }

    async function beginExport(signal: AbortSignal): Promise<ListedPage> {
      const answer = await ask('jobs/users-exports', signal, { format: 'json', fields });
      const { id: job } = expectAnswer(v.looseObject({ id: v.string() }), {
        ...answer,
        status: okOf(answer.status),
      });
      return nobodyYet({ job, askedAtMs: answer.at, polls: 0, line: 0 });
    }

    async function readPart(place: Place, signal: AbortSignal): Promise<ListedPage> {
      const answer = await ask(`jobs/${encodeURIComponent(place.job)}`, signal);
      const { status, location } = expectAnswer(exportJob, answer);
      if (status === 'failed' || place.polls >= maxPolls) throw invalidAnswer('the export has failed');
      if (status !== 'completed' || !location) return nobodyYet({ ...place, polls: place.polls + 1 });
      const { lines, isLast } = await readLines(location, place.line);
      const profiles = lines.map(toListed).filter((profile) => profile !== null);
      const line = lines.at(-1)?.line ?? place.line;
      return {
        profiles,
        unreadable: lines.length - profiles.length,
        next: isLast ? null : JSON.stringify({ ...place, line }),
        total: null,
        at: place.askedAtMs,
      };
    }

    /** Whether another account has this one linked: it is found no more under its own id, and is not gone. */
    async function isLinked(reference: string, signal: AbortSignal): Promise<boolean> {
      const [connection, ...rest] = reference.split('|');
      const id = rest.join('|').replaceAll('"', '');
      const query = new URLSearchParams({
        q: `identities.provider:"${connection?.replaceAll('"', '')}" AND identities.user_id:"${id}"`,
        search_engine: 'v3',
        fields: 'user_id',
      });
      const answer = await ask(`users?${query}`, signal);
      return expectAnswer(v.array(v.unknown()), answer).length > 0;
    }

    return {
      async rights() {
        const token = v.safeParse(applicationToken, readOwnToken(await tokens.get()));
        return token.success ? token.output.scope.split(' ').filter(Boolean) : null;
      },
      list: (cursor, signal) => (cursor === null ? beginExport(signal) : readPart(readPlace(cursor), signal)),
      async get(reference, signal): Promise<Got> {
        const answer = await ask(`users/${encodeURIComponent(reference)}`, signal);
        const { at } = answer;
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body))) {
          if (await isLinked(reference, signal))
            throw invalidAnswer('the user is linked into another account');
          return { profile: null, at };
        }
        const row = expectAnswer(v.looseObject({}), answer);
        return { profile: expectUser(reference, () => toProfile(user, row, at)), at };
      },
    };
  },
};

const applicationToken = v.object({ scope: v.string() });

/** Where a list stands: in which export, and after which line of its file. */
const place = v.object({ job: v.string(), askedAtMs: v.number(), polls: v.number(), line: v.number() });

type Place = v.InferOutput<typeof place>;

// An export that takes longer than this many questions is given up: a second each.
const maxPolls = 6 * 3_600;

const exportJob = v.looseObject({ status: v.string(), location: v.nullish(v.string()) });

const notFound = v.looseObject({ errorCode: v.literal('inexistent_user') });

function readPlace(cursor: string): Place {
  return v.parse(place, parseJson(cursor));
}

function nobodyYet(next: Place): ListedPage {
  return { profiles: [], unreadable: 0, next: JSON.stringify(next), total: null, at: next.askedAtMs };
}

// What is made is answered 201 or 202 as well.
function okOf(status: number): number {
  return status === 201 || status === 202 ? 200 : status;
}

const readMs = 25_000;

/** @throws DirectoryError */
async function readLines(location: string, after: number) {
  const lines: ExportLine[] = [];
  try {
    const { body } = await openSource(location, null, readMs);
    for await (const line of readUsers(body, {
      shape: auth0Export,
      format: 'ndjson',
      exportedAtMs: null,
      withRows: true,
      after,
    })) {
      lines.push(line);
      if (lines.length === partLines) return { lines, isLast: false };
    }
  } catch (cause) {
    if (!(cause instanceof SourceError)) throw cause;
    throw new DirectoryError('directory_unavailable', 'the export could not be read', null, { cause });
  }
  // A file that breaks off has not shown everybody.
  if (
    lines.some((line) => line.is === 'invalid' && (line.reason === 'truncated' || line.reason === 'corrupt'))
  )
    throw new DirectoryError('directory_unavailable', 'the export breaks off');
  return { lines, isLast: true };
}

function toListed(line: ExportLine): Profile | null {
  if (line.is === 'invalid') return null;
  const { reference, told, at, untold = [], original } = line;
  return { reference, told, at, unread: untold, ...(original && { original }) };
}

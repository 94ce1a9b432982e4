// Amazon Cognito's user pools, asked by the function's own role.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
//
// The list is eventually consistent; AWS itself points to AdminGetUser for one user, which takes the `sub` of a local user,
// and of a federated one only the user name: that is looked for by the list first.

import * as v from 'valibot';
import { optionalUrl } from '../../config/settings.ts';
import { type Got, hourMs, type ListedPage, type Profile } from '../../directory.ts';
import { ConfigError, DirectoryError } from '../../errors.ts';
import type { Row } from '../../exports/shape.ts';
import { readOwnCredentials, signForAws } from '../../http/aws-request.ts';
import { parseJson } from '../../json.ts';
import {
  type DirectoryProvider,
  expectUser,
  invalidAnswer,
  type RowShape,
  readRows,
  toProfile,
} from '../directory.ts';
import { askDirectory, type DirectoryAnswer, expectAnswer } from '../directory-api.ts';
import { cognitoSettings } from './cognito.ts';
import { cognitoExport } from './export.ts';

const settings = {
  ...cognitoSettings,
  COGNITO_API_URL: optionalUrl("Address of Cognito's API; empty: that of the pools' region."),
};

// The most that Cognito gives.
const pageSize = 60;

const user = cognitoExport as RowShape;

/** Null for one who has not confirmed the sign-up yet: the triggers tell of them only then. */
function toUser(row: Row, atMs: number): Profile | null {
  if (row.UserStatus === 'UNCONFIRMED') return null;
  return toProfile(user, cognitoExport.fromJson?.(row) ?? row, atMs);
}

export const cognitoDirectory: DirectoryProvider<typeof settings> = {
  name: 'cognito',
  title: 'Amazon Cognito',
  settings,
  pageSize,
  // The quota of 30 a second is the account's in the region, over all pools.
  requestsPerSecond: 3,
  leastRights: ['cognito-idp:ListUsers', 'cognito-idp:AdminGetUser'],
  maxKnown: 0,
  lagMs: 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ COGNITO_USER_POOL_IDS: pools, COGNITO_API_URL }) {
    async function ask(operation: string, input: { readonly UserPoolId: string }, signal: AbortSignal) {
      const region = regionOf(input.UserPoolId);
      const url = new URL(COGNITO_API_URL || `https://cognito-idp.${region}.amazonaws.com/`);
      const body = JSON.stringify(input);
      const headers = await signForAws({
        url,
        body,
        region,
        service: 'cognito-idp',
        credentials: readOwnCredentials(),
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
        },
      });
      return refuse(await askDirectory(url, { method: 'POST', headers, body, signal }));
    }

    async function listSome(pool: string, options: object, signal: AbortSignal) {
      const answer = await ask('ListUsers', { UserPoolId: pool, ...options }, signal);
      return { ...expectAnswer(listed, answer), at: answer.at };
    }

    /** Null where the pool has no user of this name, or `sub`. */
    async function getByName(pool: string, Username: string, signal: AbortSignal) {
      const input = { UserPoolId: pool, Username };
      const answer = await ask('AdminGetUser', input, signal);
      if (typeOf(answer) === 'UserNotFoundException') return null;
      const { UserAttributes, ...row } = expectAnswer(v.looseObject({ UserAttributes: v.unknown() }), answer);
      return { row: { ...row, Attributes: UserAttributes }, at: answer.at };
    }

    async function findIn(pool: string, reference: string, signal: AbortSignal) {
      const found = await getByName(pool, reference, signal);
      if (found) return found;
      const { Users } = await listSome(pool, { Filter: `sub = "${reference}"`, Limit: 1 }, signal);
      const [listedUser] = Users;
      return listedUser ? getByName(pool, listedUser.Username, signal) : null;
    }

    return {
      async list(cursor, signal): Promise<ListedPage> {
        const [index, token] = readCursor(cursor);
        const pool = pools[index];
        if (pool === undefined) throw invalidAnswer('the cursor is of a pool that is not configured');
        const options = { Limit: pageSize, ...(token && { PaginationToken: token }) };
        const { Users, PaginationToken, at } = await listSome(pool, options, signal);
        const isLast = !PaginationToken && index + 1 >= pools.length;
        const next = PaginationToken ? [index, PaginationToken] : [index + 1, null];
        return {
          ...readRows(Users, (row) => toUser(row, at)),
          next: isLast ? null : JSON.stringify(next),
          total: null,
          at,
        };
      },
      async get(reference, signal): Promise<Got> {
        if (!/^[\w-]+$/.test(reference)) throw invalidAnswer('the reference is no sub of Cognito');
        const askedAtMs = Date.now();
        for (const pool of pools) {
          const found = await findIn(pool, reference, signal);
          if (found)
            return { profile: expectUser(reference, () => toUser(found.row, found.at)), at: found.at };
        }
        return { profile: null, at: askedAtMs };
      },
    };
  },
};

const listed = v.object({
  Users: v.array(v.looseObject({ Username: v.string() })),
  PaginationToken: v.nullish(v.string()),
});

const place = v.tuple([v.number(), v.nullable(v.string())]);

function readCursor(cursor: string | null): v.InferOutput<typeof place> {
  return cursor === null ? [0, null] : v.parse(place, parseJson(cursor));
}

/** An id begins with its region: eu-central-1_Abc123. */
function regionOf(pool: string): string {
  const [, region] = /^([a-z]{2}(?:-[a-z]+)+-\d)_/.exec(pool) ?? [];
  if (!region) throw new ConfigError([`COGNITO_USER_POOL_IDS names ${pool}, which is no id of a user pool`]);
  return region;
}

// Every refusal is a 400 that names itself.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html
const throttlings: readonly string[] = [
  'TooManyRequestsException',
  'ThrottlingException',
  'LimitExceededException',
];
const rights: readonly string[] = [
  'AccessDeniedException',
  'NotAuthorizedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'ExpiredTokenException',
];

function refuse(answer: DirectoryAnswer): DirectoryAnswer {
  const type = typeOf(answer);
  if (throttlings.includes(type)) throw new DirectoryError('directory_throttled', type);
  if (rights.includes(type)) throw new DirectoryError('directory_unauthorized', type);
  return answer;
}

function typeOf({ status, body }: DirectoryAnswer): string {
  if (status !== 400) return '';
  const parsed = v.safeParse(v.looseObject({ __type: v.string() }), parseJson(body));
  return parsed.success ? (parsed.output.__type.split('#').at(-1) ?? '') : '';
}

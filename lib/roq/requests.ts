// The GraphQL of each request to ROQ's Users API.

import type { UserCreate, UsersQuery, UserUpdate } from './types.ts';

/** One of several changes that are sent as one request. */
export type Change =
  | { readonly create: UserCreate }
  | { readonly update: { readonly id: string; readonly user: UserUpdate } };

const mirroredFields = `
  id reference email phone firstName lastName locale timezone avatarUrl customData tenantId
  isOptedIn active synced twoFactorEnabled createdAt updatedAt`;

const userFields = `${mirroredFields}
  tenant @include(if: $withTenant) { id reference isDefault name createdAt updatedAt }
  roles @include(if: $withRoles) {
    data { id reference description isSystemManaged key name } totalCount
  }
  userGroups @include(if: $withUserGroups) {
    data { id reference name type userGroupType { id name createdAt updatedAt } } totalCount
  }`;

const include = '$withTenant: Boolean!, $withRoles: Boolean!, $withUserGroups: Boolean!';

/** The operations, which a test holds against ROQ's schema. */
export const documents = {
  createUser: `mutation ($user: UserCreateDto!, ${include}) { createUser(user: $user) {${userFields}} }`,
  updateUser: `mutation ($id: ID!, $user: UserUpdateDto!, ${include}) {
    updateUser(id: $id, user: $user) {${userFields}}
  }`,
  user: `query ($id: ID!, ${include}) { user(id: $id) {${userFields}} }`,
  users: `query (
    $filter: UserFilterArgType, $limit: Int, $offset: Int, $order: UserOrderArgType, $search: UserSearchArgType,
    ${include}
  ) {
    users(filter: $filter, limit: $limit, offset: $offset, order: $order, search: $search) {
      data {${userFields}} totalCount
    }
  }`,
};

/** The order in which new users shift nothing. */
export const oldestFirst = { sort: 'createdAt', order: 'ASC' } as const;
/** Without it ROQ hides users. */
export const withDeactivated = { equalTo: true } as const;

/** Asks for the users of one reference. */
export function toLookUp(reference: string): UsersQuery {
  return { filter: { reference: { equalTo: reference }, withDeactivated }, order: oldestFirst };
}

/** One request of aliased queries, each for the users of one reference. */
export function lookUpDocument(references: readonly string[]) {
  const declared = references.map((_, i) => `$f${i}: UserFilterArgType`);
  const fields = references.map(
    (_, i) => `r${i}: users(filter: $f${i}, order: $order) { data { ...mirrored } totalCount }`,
  );
  const document = `query ($order: UserOrderArgType, ${declared.join(', ')}) {
    ${fields.join('\n    ')}
  }
  fragment mirrored on UserModel {${mirroredFields}}`;
  const filters = references.map((reference, i) => [`f${i}`, toLookUp(reference).filter] as const);
  return { document, variables: { order: oldestFirst, ...Object.fromEntries(filters) } };
}

/** One request of aliased mutations. */
export function changeDocument(changes: readonly Change[]) {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fields = changes.map((change, i) => {
    if ('create' in change) {
      declared.push(`$u${i}: UserCreateDto!`);
      variables[`u${i}`] = change.create;
      return `c${i}: createUser(user: $u${i}) { id }`;
    }
    declared.push(`$i${i}: ID!, $u${i}: UserUpdateDto!`);
    variables[`i${i}`] = change.update.id;
    variables[`u${i}`] = change.update.user;
    return `c${i}: updateUser(id: $i${i}, user: $u${i}) { id }`;
  });
  return { document: `mutation (${declared.join(', ')}) {\n${fields.join('\n')}\n}`, variables };
}

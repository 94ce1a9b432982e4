// Keycloak: a realm's export in one file (`kc.sh export --realm … --file …`), a file of users of its export to a folder
// (`--dir`), and the users that its Admin API lists. None has a time of change.
// https://www.keycloak.org/server/importExport

import * as v from 'valibot';
import type { ExportShape, Row } from '../../exports/shape.ts';
import { isObject } from '../../json.ts';
import { reference } from '../payload.ts';
import { keycloakUser, toTold } from './user.ts';

const row = v.object({
  id: reference(),
  ...keycloakUser.entries,
  serviceAccountClientId: v.nullish(v.unknown()),
});

export const keycloakExport: ExportShape<typeof row> = {
  name: 'keycloak',
  title: 'Keycloak',
  source: 'https://www.keycloak.org/server/importExport',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  row,
  decisive: ['enabled'],
  // One of several realms can be the app's, and which one it is does not show.
  findForeign: (names) => (names.includes('realm') ? { reason: 'not_users', where: 'realm' } : null),
  fromJson,
  toUser(user) {
    // A client's own account, by which no person signs in.
    if (user.serviceAccountClientId) return null;
    return { told: toTold(user), at: null };
  },
};

// Files that were edited, or made by other tools, hold the value itself where Keycloak has a list.
function fromJson({ attributes, ...user }: Row): Row {
  if (!isObject(attributes)) return { ...user, attributes };
  const lists = Object.entries(attributes).map(([name, value]) => [
    name,
    Array.isArray(value) && value.length > 0 ? value : [value],
  ]);
  return { ...user, attributes: Object.fromEntries(lists) };
}

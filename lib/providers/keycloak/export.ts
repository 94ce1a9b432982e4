// Keycloak: a realm's export in one file (`kc.sh export --realm … --file …`), and the users that its Admin API lists.
// Neither has a time of change.
// https://www.keycloak.org/server/importExport

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { reference } from '../payload.ts';
import { keycloakUser, toTold } from './user.ts';

const row = v.object({ id: reference(), ...keycloakUser.entries });

export const keycloakExport: ExportShape = {
  name: 'keycloak',
  title: 'Keycloak',
  source: 'https://www.keycloak.org/server/importExport',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const user = fit(row, value);
  return { reference: user.id, told: toTold(user), at: null };
}

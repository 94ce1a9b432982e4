// All export files that the backfill can read, by the provider that writes them.

import type { ExportShape } from '../exports/shape.ts';
import { auth0Export } from './auth0/export.ts';
import { clerkExport } from './clerk/export.ts';
import { cognitoExport } from './cognito/export.ts';
import { firebaseExport } from './firebase/export.ts';
import { fusionauthExport } from './fusionauth/export.ts';
import { genericExport } from './generic/export.ts';
import { keycloakExport } from './keycloak/export.ts';
import { kindeExport } from './kinde/export.ts';
import { oktaExport } from './okta/export.ts';
import { supabaseExport } from './supabase/export.ts';
import { workosExport } from './workos/export.ts';

export const shapes: readonly ExportShape[] = [
  genericExport,
  auth0Export,
  clerkExport,
  cognitoExport,
  firebaseExport,
  fusionauthExport,
  keycloakExport,
  kindeExport,
  oktaExport,
  supabaseExport,
  workosExport,
];

/** The shape of that name; undefined where there is none. */
export function findShape(name: string): ExportShape | undefined {
  return shapes.find((shape) => shape.name === name);
}

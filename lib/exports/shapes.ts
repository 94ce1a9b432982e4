// The kinds of export files that the backfill can read.

import { auth0Export } from './auth0.ts';
import { clerkExport } from './clerk.ts';
import { cognitoExport } from './cognito.ts';
import { firebaseExport } from './firebase.ts';
import { fusionauthExport } from './fusionauth.ts';
import { genericExport } from './generic.ts';
import { keycloakExport } from './keycloak.ts';
import { kindeExport } from './kinde.ts';
import { oktaExport } from './okta.ts';
import type { ExportShape } from './shape.ts';
import { supabaseExport } from './supabase.ts';
import { workosExport } from './workos.ts';

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

/** The shape of a name; undefined for one that is not read. */
export function findShape(name: string): ExportShape | undefined {
  return shapes.find((shape) => shape.name === name);
}

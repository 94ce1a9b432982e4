// All directories, by the provider whose users they list. Only the function that asks them has them in its bundle.

import { auth0Directory } from './auth0/directory.ts';
import { clerkDirectory } from './clerk/directory.ts';
import { cognitoDirectory } from './cognito/directory.ts';
import type { DirectoryProvider } from './directory.ts';
import { entraDirectory } from './entra/directory.ts';
import { firebaseDirectory } from './firebase/directory.ts';
import { keycloakDirectory } from './keycloak/directory.ts';
import { kratosDirectory } from './kratos/directory.ts';
import { oktaDirectory } from './okta/directory.ts';
import { supabaseDirectory } from './supabase/directory.ts';
import { workosDirectory } from './workos/directory.ts';

export const directories: readonly DirectoryProvider[] = [
  kratosDirectory,
  clerkDirectory,
  workosDirectory,
  oktaDirectory,
  entraDirectory,
  keycloakDirectory,
  firebaseDirectory,
  supabaseDirectory,
  cognitoDirectory,
  auth0Directory,
];

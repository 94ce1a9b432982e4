// All directories, by the provider whose users they list. Only the function that asks them has them in its bundle.

import { clerkDirectory } from './clerk/directory.ts';
import type { DirectoryProvider } from './directory.ts';
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
  keycloakDirectory,
  supabaseDirectory,
];

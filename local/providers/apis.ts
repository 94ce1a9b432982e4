// The APIs of all directories, in the order of the list of directories.

import type { ProviderApi } from './api.ts';
import { auth0Api } from './auth0/api.ts';
import { clerkApi } from './clerk/api.ts';
import { cognitoApi } from './cognito/api.ts';
import { entraApi } from './entra/api.ts';
import { firebaseApi } from './firebase/api.ts';
import { keycloakApi } from './keycloak/api.ts';
import { kratosApi } from './kratos/api.ts';
import { oktaApi } from './okta/api.ts';
import { supabaseApi } from './supabase/api.ts';
import { workosApi } from './workos/api.ts';

export const apis: readonly ProviderApi[] = [
  kratosApi,
  clerkApi,
  workosApi,
  oktaApi,
  entraApi,
  keycloakApi,
  firebaseApi,
  supabaseApi,
  cognitoApi,
  auth0Api,
];

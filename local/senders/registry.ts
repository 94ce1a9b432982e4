// The senders of all providers, in the order of the registry of providers.

import { auth0 } from './auth0.ts';
import { auth0Logs } from './auth0-logs.ts';
import { clerk } from './clerk.ts';
import { descope } from './descope.ts';
import { entra } from './entra.ts';
import { firebase } from './firebase.ts';
import { frontegg } from './frontegg.ts';
import { fusionauth } from './fusionauth.ts';
import { generic } from './generic.ts';
import { hanko } from './hanko.ts';
import { keycloak } from './keycloak.ts';
import { kinde } from './kinde.ts';
import { kratos } from './kratos.ts';
import { logto } from './logto.ts';
import { okta } from './okta.ts';
import type { Sender } from './sender.ts';
import { ssf } from './ssf.ts';
import { stytch } from './stytch.ts';
import { supabase } from './supabase.ts';
import { supabaseDb } from './supabase-db.ts';
import { workos } from './workos.ts';
import { zitadel } from './zitadel.ts';

export const senders: readonly Sender[] = [
  ssf,
  kinde,
  fusionauth,
  clerk,
  workos,
  logto,
  zitadel,
  descope,
  supabase,
  supabaseDb,
  stytch,
  keycloak,
  firebase,
  hanko,
  auth0,
  auth0Logs,
  kratos,
  frontegg,
  okta,
  entra,
  generic,
];

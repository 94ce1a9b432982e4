// All providers with webhooks. Packaging keeps only the configured ones; everything else reads this list.

import { auth0 } from './auth0/auth0.ts';
import { auth0Logs } from './auth0/auth0-logs.ts';
import { clerk } from './clerk/clerk.ts';
import { descope } from './descope/descope.ts';
import { entra } from './entra/entra.ts';
import { firebase } from './firebase/firebase.ts';
import { frontegg } from './frontegg/frontegg.ts';
import { fusionauth } from './fusionauth/fusionauth.ts';
import { generic } from './generic/generic.ts';
import { hanko } from './hanko/hanko.ts';
import { keycloak } from './keycloak/keycloak.ts';
import { kinde } from './kinde/kinde.ts';
import { kratos } from './kratos/kratos.ts';
import { logto } from './logto/logto.ts';
import { okta } from './okta/okta.ts';
import type { Provider } from './provider.ts';
import { ssf } from './ssf/ssf.ts';
import { stytch } from './stytch/stytch.ts';
import { supabase } from './supabase/supabase.ts';
import { supabaseDb } from './supabase/supabase-db.ts';
import { workos } from './workos/workos.ts';
import { zitadel } from './zitadel/zitadel.ts';

export const providers: readonly Provider[] = [
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

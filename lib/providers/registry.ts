// All providers there are; everything else reads this list.

import { clerk } from './clerk.ts';
import { fusionauth } from './fusionauth.ts';
import { generic } from './generic.ts';
import { kinde } from './kinde.ts';
import type { Provider } from './provider.ts';
import { ssf } from './ssf.ts';

export const providers: readonly Provider[] = [ssf, kinde, fusionauth, clerk, generic];

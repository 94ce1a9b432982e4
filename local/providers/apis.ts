// The APIs of all directories, in the order of the list of directories.

import type { ProviderApi } from './api.ts';
import { kratosApi } from './kratos/api.ts';

export const apis: readonly ProviderApi[] = [kratosApi];

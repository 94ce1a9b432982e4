// All directories, by the provider whose users they list. Only the function that asks them has them in its bundle.

import type { DirectoryProvider } from './directory.ts';
import { kratosDirectory } from './kratos/directory.ts';

export const directories: readonly DirectoryProvider[] = [kratosDirectory];

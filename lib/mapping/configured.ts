// The mapping of this deployment. Packaging puts what the settings say in the place of this file, and with it the language
// of the expressions, so that only who maps pays for it.

import { noMapping } from './mapping.ts';

export const mapping = noMapping;

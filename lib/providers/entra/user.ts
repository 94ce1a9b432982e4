// A user as Microsoft Graph writes it. https://learn.microsoft.com/graph/api/resources/user

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, isUnread, reference, tell, text, yesNo } from '../payload.ts';

export const entraUser = v.object({
  id: reference(),
  accountEnabled: yesNo(),
  mail: emailAddress(),
  userPrincipalName: emailAddress(),
  givenName: text(),
  surname: text(),
  mobilePhone: text(),
  preferredLanguage: text(),
});

/** Graph leaves out what is not asked for, such as accountEnabled; and of the rest, what a mapping may well want. */
export const entraSelect = [
  ...Object.keys(entraUser.entries),
  ...['companyName', 'department', 'employeeType', 'jobTitle', 'usageLocation', 'userType'],
].join(',');

export type EntraUser = v.InferOutput<typeof entraUser>;

/** What a user tells; whether the e-mail address is verified, Graph does not say. */
export function toTold(user: EntraUser): Told {
  const { userPrincipalName: name, accountEnabled } = user;
  // The user name of a guest is no address: ada_example.com#EXT#@acme.onmicrosoft.com
  const address = name?.includes('#EXT#') ? undefined : name;
  return tell({
    email: isUnread(user, 'mail') ? undefined : user.mail || address,
    phone: user.mobilePhone,
    firstName: user.givenName,
    lastName: user.surname,
    locale: user.preferredLanguage,
    disabled: accountEnabled === undefined ? undefined : !accountEnabled,
  });
}

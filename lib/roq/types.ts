// ROQ's Users API as types: the fields, arguments and filters of its schema.

export type RoqUser = {
  readonly id: string;
  readonly reference: string;
  readonly email: string;
  readonly phone: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly locale: string | null;
  readonly timezone: string | null;
  readonly avatarUrl: string | null;
  readonly customData: JsonObject | null;
  readonly tenantId: string | null;
  readonly isOptedIn: boolean | null;
  readonly active: boolean | null;
  readonly synced: boolean | null;
  readonly twoFactorEnabled: boolean | null;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly updatedAt: string;
  /** Present only where they were asked for. */
  readonly tenant?: RoqTenant | null;
  readonly roles?: RoqPage<RoqRole> | null;
  readonly userGroups?: RoqPage<RoqUserGroup> | null;
};

export type JsonObject = { readonly [name: string]: unknown };

export type RoqPage<Row> = { readonly data: readonly Row[]; readonly totalCount: number };

export type RoqTenant = {
  readonly id: string;
  readonly reference: string | null;
  readonly isDefault: boolean;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type RoqRole = {
  readonly id: string;
  readonly reference: string | null;
  readonly description: string | null;
  readonly isSystemManaged: boolean;
  readonly key: string;
  readonly name: string;
};

export type RoqUserGroup = {
  readonly id: string;
  readonly reference: string;
  readonly name: string;
  readonly type: string;
  readonly userGroupType: {
    readonly id: string;
    readonly name: string;
    readonly createdAt: string;
    readonly updatedAt: string;
  } | null;
};

/** What can be changed of a user; `reference` can't. */
export type UserUpdate = {
  active?: boolean | null;
  avatarUrl?: string | null;
  customData?: JsonObject | null;
  email?: string;
  firstName?: string | null;
  isOptedIn?: boolean | null;
  lastName?: string | null;
  locale?: string | null;
  phone?: string | null;
  tenantId?: string | null;
  timezone?: string | null;
  twoFactorEnabled?: boolean | null;
};

export type UserCreate = UserUpdate & {
  email: string;
  reference: string;
  password?: string;
  roles?: readonly string[];
};

export type UsersQuery = {
  readonly filter?: UserFilter;
  readonly limit?: number;
  readonly offset?: number;
  readonly order?: { readonly sort: UserSort; readonly order: 'ASC' | 'DESC' };
  readonly search?: { readonly key: UserSearchKey; readonly value: string };
};

export type UserSearchKey = 'email' | 'firstName' | 'lastName' | 'locale' | 'phone' | 'timezone';
export type UserSort = UserSearchKey | 'active' | 'createdAt' | 'updatedAt';

export type UserFilter = {
  readonly active?: BooleanFilter;
  readonly email?: StringFilter;
  readonly firstName?: StringFilter;
  readonly id?: IdFilter;
  readonly lastName?: StringFilter;
  readonly locale?: StringFilter;
  readonly optedInAt?: DateFilter;
  readonly phone?: StringFilter;
  readonly reference?: StringFilter;
  readonly roleId?: IdFilter;
  readonly roleKey?: StringFilter;
  readonly search?: string;
  readonly tenantId?: IdFilter;
  readonly timezone?: StringFilter;
  readonly withDeactivated?: BooleanFilter;
};

export type BooleanFilter = { readonly equalTo?: boolean; readonly notEqualTo?: boolean };

export type DateFilter = {
  readonly equalTo?: string;
  readonly notEqualTo?: string;
  readonly lessThan?: string;
  readonly lessThanEqual?: string;
  readonly moreThan?: string;
  readonly moreThanEqual?: string;
};

export type IdFilter = {
  readonly equalTo?: string;
  readonly notEqualTo?: string;
  readonly valueIn?: readonly string[];
  readonly valueNotIn?: readonly string[];
};

export type StringFilter = IdFilter & { readonly like?: string; readonly iLike?: string };

/** By this prefix of its reference a ROQ user is known to be nobody's: `doctor --probe` made it. */
export const probePrefix = 'roq-sync-probe-';

// A row of the ROQ stand-in's table of users.

export type RoqUser = {
  readonly id: string;
  readonly reference: string;
  readonly roles: readonly string[];
  readonly synced: boolean;
  readonly createdAt: Date;
  active: boolean | null;
  avatarUrl: string | null;
  customData: object | null;
  email: string;
  firstName: string | null;
  isOptedIn: boolean | null;
  lastName: string | null;
  locale: string | null;
  optedInAt: Date | null;
  phone: string | null;
  tenantId: string | null;
  timezone: string | null;
  twoFactorEnabled: boolean | null;
  updatedAt: Date;
};

// Cognito's API: every call is a POST that names its operation, and every refusal a 400 that names itself.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html

import type { ApiAnswer, ApiRequest, ApiUser, ProviderApi } from '../api.ts';

const pool = 'eu-central-1_Local1';

export const cognitoApi: ProviderApi = {
  name: 'cognito',
  setUp:
    "No credential: the `pull` function's own role may call `ListUsers` and `AdminGetUser` of the pools in `COGNITO_USER_POOL_IDS`.",
  cannotSee:
    'Users who have not confirmed their sign-up are left alone. The list shows a change some time later.',
  environment: (url) => ({ COGNITO_USER_POOL_IDS: pool, COGNITO_API_URL: url }),
  toId: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  isList: (request) => operationOf(request) === 'ListUsers',
  throttled: () => failure('TooManyRequestsException'),
  forbidden: failure('AccessDeniedException'),
  answer: (request, users) => {
    if (!/^AWS4-HMAC-SHA256 Credential=/.test(String(request.headers.authorization)))
      return failure('MissingAuthenticationTokenException');
    const input = JSON.parse(request.body.toString()) as Readonly<Record<string, string | undefined>>;
    if (input.UserPoolId !== pool) return failure('ResourceNotFoundException');
    if (operationOf(request) === 'AdminGetUser') {
      const user = users.find(({ id }) => id === input.Username);
      if (!user) return failure('UserNotFoundException');
      const { Attributes, ...rest } = toUser(user);
      return { status: 200, body: { ...rest, UserAttributes: Attributes } };
    }
    const [, sub] = /^sub = "(.+)"$/.exec(input.Filter ?? '') ?? [];
    const shown = sub === undefined ? users : users.filter(({ id }) => id === sub);
    const limit = Math.min(Number(input.Limit ?? 60), 60);
    const begin = Number(input.PaginationToken ?? 0);
    return {
      status: 200,
      body: {
        Users: shown.slice(begin, begin + limit).map(toUser),
        ...(shown.length > begin + limit && { PaginationToken: String(begin + limit) }),
      },
    };
  },
};

function operationOf({ headers }: ApiRequest): string {
  return String(headers['x-amz-target']).split('.').at(-1) ?? '';
}

function failure(type: string): ApiAnswer {
  return { status: 400, body: { __type: type, message: 'of the kind that Cognito writes' } };
}

function toUser(user: ApiUser) {
  const attributes = {
    sub: user.id,
    email: user.email,
    email_verified: String(user.emailVerified),
    phone_number: user.phone,
    given_name: user.firstName,
    family_name: user.lastName,
  };
  return {
    Username: user.id,
    Attributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
    Enabled: !user.disabled,
    UserStatus: 'CONFIRMED',
    UserCreateDate: user.createdAtMs / 1000,
    UserLastModifiedDate: user.changedAtMs / 1000,
  };
}

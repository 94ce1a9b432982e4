// A plugin of the framework: names the user pools of Cognito in the policy of the function that lists their users, since
// CloudFormation joins texts by none that it has to work out first.

type Statement = { Resource: unknown };
type Policy = {
  readonly PolicyName: string;
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
};
type Conditional = { readonly 'Fn::If'?: readonly unknown[] };

type Serverless = {
  readonly service: {
    readonly custom: { readonly cognito: { readonly COGNITO_USER_POOL_IDS: string } };
    readonly resources: {
      readonly Resources: {
        readonly PullRole: { readonly Properties: { readonly Policies: readonly (Policy & Conditional)[] } };
      };
    };
  };
};

export default class UserPools {
  readonly hooks = { 'before:package:initialize': () => this.name() };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }

  name(): void {
    const { custom, resources } = this.#serverless.service;
    const ids = custom.cognito.COGNITO_USER_POOL_IDS.split(/\s+/).filter(Boolean);
    for (const policy of resources.Resources.PullRole.Properties.Policies) {
      const inner = (policy['Fn::If']?.[1] ?? policy) as Policy;
      if (inner.PolicyName !== 'user-pools') continue;
      for (const statement of inner.PolicyDocument.Statement) statement.Resource = ids.map(toArn);
    }
  }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in
const pools = 'arn:${AWS::Partition}:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/';

function toArn(id: string): object {
  return { 'Fn::Sub': `${pools}${id}` };
}

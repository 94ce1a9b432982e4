// The body of Ory Kratos's web hooks that lib/providers/kratos/kratos.ts reads: all of the identity that is mirrored, and no
// more. In kratos.yml the hook is:
//
//   hook: web_hook
//   config:
//     url: https://…/webhooks/kratos
//     method: POST
//     body: file:///etc/config/kratos/kratos.jsonnet
//     response: { ignore: true }
//     auth: { type: api_key, config: { in: header, name: Authorization, value: Bearer … } }
//
// Leave out can_interrupt and response.parse: with these a hook runs before the change is made.
//
// It runs only where it is named. The hooks of `after.hooks` are called for a method that has no hooks of its own; one that
// has, such as `session` after a registration by password, calls those alone. So name it under every method that has some:
//
//   selfservice:
//     flows:
//       registration:
//         after:
//           hooks: [<the hook>]                             # every method without hooks of its own
//           password: { hooks: [<the hook>, { hook: session }] }
//           oidc: { hooks: [<the hook>, { hook: session }] }
//       login: { after: { hooks: [<the hook>] } }           # and password, oidc, code, webauthn, passkey, totp, … as above
//       settings: { after: { hooks: [<the hook>] } }        # and profile, password, oidc, … as above
//       verification: { after: { hooks: [<the hook>] } }    # these two know no methods
//       recovery: { after: { hooks: [<the hook>] } }
//
// Whom an administrator sets inactive can't sign in, recover or change settings, so that no hook says so. The admin API has
// no hooks: what it creates, changes, disables or deletes is not told, or only by the user's next sign-in.

// Where to find in your traits what is mirrored: write yours. A trait that an identity lacks is mirrored as empty, so
// remove the lines of those that your schema has not; locale, timezone and avatar_url may be added.
local traits = {
  email: ['email'],
  first_name: ['name', 'first'],
  last_name: ['name', 'last'],
  // phone: ['phone'],
};

local find(value, path) = std.foldl(
  function(found, name) if std.isObject(found) && std.objectHas(found, name) then found[name] else null,
  path,
  value
);

// What was called names the flow; where that is the callback of another provider, the address of the form does. Never
// what follows the question mark, which users may write themselves.
local flows = ['registration', 'login', 'settings', 'verification', 'recovery'];
local flowsIn(url) =
  std.filter(function(part) std.count(flows, part) > 0, std.split(std.split(url, '?')[0], '/'));
local nameOf(ctx) =
  local names = flowsIn(ctx.flow.ui.action) + flowsIn(ctx.request_url);
  if std.length(names) == 0 then 'unknown' else names[std.length(names) - 1];

function(ctx)
  local identity = if 'identity' in ctx then ctx.identity else null;
  // Before a registration there is no identity, or one without an id: "cancel" sends nothing.
  if identity == null || identity.id == '00000000-0000-0000-0000-000000000000' then error 'cancel'
  else {
    flow: nameOf(ctx),
    issued_at: ctx.flow.issued_at,
    identity: {
      id: identity.id,
      state: find(identity, ['state']),
      updated_at: find(identity, ['updated_at']),
      verifiable_addresses: find(identity, ['verifiable_addresses']),
      traits: { [name]: find(identity.traits, traits[name]) for name in std.objectFields(traits) },
    },
  }

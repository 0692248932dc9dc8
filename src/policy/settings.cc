#include "policy/settings.h"

namespace policy {
namespace {

// agentgateway's policies that are known here and not implemented yet.
struct Later {
  const char* key;
  const char* doc;
  bool on_listeners;
};
constexpr Later later[] = {
    {"oidc", "Login of browsers with OpenID Connect.", true},
    {"extAuthz", "Asks an authorization service.", true},
    {"extProc", "Asks a processing service.", true},
    {"transformations", "Changes made by CEL expressions.", true},
    {"localRateLimit", "Token buckets.", false},
    {"remoteRateLimit", "Asks a rate limit service.", false},
    {"buffer", "Buffers bodies.", false},
    {"csrf", "Refuses forged requests of browsers.", false},
    {"urlRewrite", "Changes authority and path.", false},
    {"requestRedirect", "Answers with a redirect.", false},
    {"requestMirror", "Copies requests to another backend.", false},
    {"delay", "Waits before it goes on.", false},
    {"retry", "Repeats failed requests.", false},
    {"a2a", "Agent-to-agent protocol.", false},
    {"ai", "Language models.", false},
    {"mcpGuardrails", "Asks a guardrail service.", false},
    {"backendTLS", "TLS to the backend.", false},
    {"backendTunnel", "Tunnel to the backend.", false},
};

template <class Settings>
void add(const std::optional<schema::Located<Settings>>& settings, std::string_view key,
         std::unique_ptr<const Policy> (*make)(const Settings&, BuildContext&), Chain& chain,
         BuildContext& context) {
  if (!settings) return;
  const BuildContext::Scope scope(context, key, settings->place);
  std::unique_ptr<const Policy> policy = make(settings->value, context);
  // A policy that cannot be made has said why; nothing is served then.
  if (policy) chain.add(std::move(policy));
}

}  // namespace

void describe(schema::Object<ListenerSettings>& o) {
  o.doc("Policies that run before a route is chosen.");
#define ANYWHERE(member, key, Settings, make, doc) o.field(key, &ListenerSettings::member, doc);
#define ON_ROUTES(member, key, Settings, make, doc)
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  for (const Later& policy : later) {
    if (policy.on_listeners) o.not_supported(policy.key, policy.doc);
  }
  o.check([](const ListenerSettings& s) -> std::string {
    return s.jwt_auth && s.token_introspection
               ? "give either `jwtAuth` or `tokenIntrospection`: both judge the same token"
               : "";
  });
}

void describe(schema::Object<RouteSettings>& o) {
  o.doc("Policies of a route, in the order in which they run.");
#define ANYWHERE(member, key, Settings, make, doc) o.field(key, &RouteSettings::member, doc);
#define ON_ROUTES(member, key, Settings, make, doc) o.field(key, &RouteSettings::member, doc);
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  o.field("mcpAuthorization", &RouteSettings::mcp_authorization,
          "Which tools, prompts and resources a caller sees and may use.");
  o.field("timeout", &RouteSettings::timeout, "How long a request may take.");
  o.field("backendAuth", &RouteSettings::backend_auth, "Credentials for the backend.");
  for (const Later& policy : later) o.not_supported(policy.key, policy.doc);
  o.check([](const RouteSettings& s) -> std::string {
    const int judges = s.jwt_auth.has_value() + s.mcp_authentication.has_value() +
                       s.token_introspection.has_value();
    return judges > 1 ? "give one of `jwtAuth`, `mcpAuthentication` and `tokenIntrospection`: all "
                        "judge the same token"
                      : "";
  });
}

void describe(schema::Object<BackendPolicySettings>& o) {
  o.doc("Policies of a backend.");
  o.field("backendAuth", &BackendPolicySettings::backend_auth,
          "Credentials for it, in place of its route's.");
  for (const char* other :
       {"a2a", "ai", "authorization", "backendTLS", "backendTunnel", "extAuthz", "health", "http",
        "inferenceRouting", "mcpAuthorization", "mcpGuardrails", "requestHeaderModifier",
        "requestRedirect", "responseHeaderModifier", "sessionAffinity", "tcp", "transformations"}) {
    o.not_supported(other, "On a backend.");
  }
}

void describe(schema::Object<TargetPolicySettings>& o) {
  o.doc("Policies of a server that is reached over HTTP.");
  o.field("backendAuth", &TargetPolicySettings::backend_auth,
          "Credentials for it, in place of its backend's and its route's.");
  for (const char* other :
       {"backendTLS", "backendTunnel", "http", "requestHeaderModifier", "tcp", "transformations"}) {
    o.not_supported(other, "On a target.");
  }
}

Chain make_chain(const ListenerSettings& settings, BuildContext& context) {
  Chain chain;
#define ANYWHERE(member, key, Settings, make, doc) add(settings.member, key, &make, chain, context);
#define ON_ROUTES(member, key, Settings, make, doc)
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  return chain;
}

Chain make_chain(const RouteSettings& settings, BuildContext& context) {
  Chain chain;
#define ANYWHERE(member, key, Settings, make, doc) add(settings.member, key, &make, chain, context);
#define ON_ROUTES(member, key, Settings, make, doc) \
  add(settings.member, key, &make, chain, context);
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  return chain;
}

}  // namespace policy

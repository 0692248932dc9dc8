#pragma once
// The `policies` of a listener and of a route, made from the list in all.def.

#include <optional>

#include "policy/api_key.h"
#include "policy/authorization.h"
#include "policy/backend_auth.h"
#include "policy/basic_auth.h"
#include "policy/chain.h"
#include "policy/cors.h"
#include "policy/direct_response.h"
#include "policy/header_modifier.h"
#include "policy/jwt_auth.h"
#include "policy/mcp_authentication.h"
#include "policy/mcp_authorization.h"
#include "policy/rules.h"
#include "policy/timeout.h"
#include "policy/token_introspection.h"
#include "schema/schema.h"

namespace policy {

struct ListenerSettings {
#define ANYWHERE(member, key, Settings, make, doc) std::optional<schema::Located<Settings>> member;
#define ON_ROUTES(member, key, Settings, make, doc)
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  bool operator==(const ListenerSettings&) const = default;
};
void describe(schema::Object<ListenerSettings>& o);

struct RouteSettings {
#define ANYWHERE(member, key, Settings, make, doc) std::optional<schema::Located<Settings>> member;
#define ON_ROUTES(member, key, Settings, make, doc) std::optional<schema::Located<Settings>> member;
#include "policy/all.def"
#undef ANYWHERE
#undef ON_ROUTES
  std::optional<schema::Located<RulesSettings>> mcp_authorization;
  std::optional<TimeoutSettings> timeout;
  std::optional<schema::Located<BackendAuthSettings>> backend_auth;
  bool operator==(const RouteSettings&) const = default;
};
void describe(schema::Object<RouteSettings>& o);

// Of a backend, and of one of its targets: the more specific takes the place of the others.
struct BackendPolicySettings {
  std::optional<schema::Located<BackendAuthSettings>> backend_auth;
  bool operator==(const BackendPolicySettings&) const = default;
};
void describe(schema::Object<BackendPolicySettings>& o);

struct TargetPolicySettings {
  std::optional<schema::Located<BackendAuthSettings>> backend_auth;
  bool operator==(const TargetPolicySettings&) const = default;
};
void describe(schema::Object<TargetPolicySettings>& o);

Chain make_chain(const ListenerSettings& settings, BuildContext& context);
Chain make_chain(const RouteSettings& settings, BuildContext& context);

}  // namespace policy

#include "config/admin.h"

#include "base/uri.h"
#include "net/address.h"

namespace config {
namespace {

constexpr std::size_t token_length_min = 16;

}  // namespace

void describe(schema::Object<AdminSettings>& o) {
  o.doc("Who may use the admin interface. No field of agentgateway's.");
  o.field("token", &AdminSettings::token,
          "What people log in with. Needed wherever the admin interface is not on a loopback "
          "address; on loopback nobody logs in unless it is given. At least 16 characters.")
      .secret()
      .check([](const std::optional<std::string>& token) -> std::string {
        return token->size() >= token_length_min ? "" : "expected at least 16 characters";
      });
  o.field("hosts", &AdminSettings::hosts,
          "Further host names under which browsers reach it, without port; all others are refused, "
          "so that no web page can rebind its own name to it.");
  o.field("open", &AdminSettings::is_open,
          "Nobody logs in, wherever it listens: for a network where everybody may change the "
          "configuration, and with it start processes.");
  o.field("recordArguments", &AdminSettings::records_arguments,
          "Live traffic has the arguments of tool calls, too, for everybody who may use the admin "
          "interface: while somebody follows it, the first 4 KiB of each call, without what is "
          "named like a secret or looks like one. In memory only, never in the log.");
  o.check([](const AdminSettings& s) -> std::string {
    return s.token && s.is_open ? "give either `token` or `open`" : "";
  });
}

std::vector<std::string> spellings(StorageMode) {
  return {"file", "readOnly"};
}

void describe(schema::Object<StorageSettings>& o) {
  o.field("mode", &StorageSettings::mode,
          "Whether the admin interface may write the configuration file. `hybrid` is not known.");
}

Result<AdminPlace> AdminPlace::parse(std::string_view text) {
  AdminPlace place;
  if (text == "off") {
    place.is_off = true;
    return place;
  }
  const auto wrong = [&] {
    return failed(Fault::bad_request, "expected `localhost:PORT`, `ADDRESS:PORT` or `off`");
  };
  if (text.starts_with("localhost:")) {
    const auto number = net::Address::parse("127.0.0.1:" + std::string(text.substr(10)));
    if (!number) return wrong();
    place.host = "localhost";
    place.port = number->port();
    return place;
  }
  const auto address = net::Address::parse(text);
  if (!address) return wrong();
  place.host = address->host();
  place.port = address->port();
  return place;
}

}  // namespace config

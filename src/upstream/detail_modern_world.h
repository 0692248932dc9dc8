#pragma once
// For tests: a server of the modern revision (2026-07-28), whose every answer the test says.

#include <map>
#include <string>

#include <gmock/gmock.h>

#include "upstream/detail_http_world.h"

namespace upstream {

inline const std::string discovered =
    R"({"resultType":"complete","supportedVersions":["2026-07-28"],"ttlMs":0,"cacheScope":"private",)"
    R"("capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{},)"
    R"("extensions":{"x/y":{}}},"instructions":"be kind",)"
    R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"new","version":"3"}}})";
inline const std::string modern_done =
    R"({"resultType":"complete","content":[{"type":"text","text":"42"}]})";
inline const std::string plain_done = R"({"content":[{"type":"text","text":"42"}]})";

inline json::Document parsed(const std::string& text) {
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return std::move(*document);
}

// A server that speaks only the modern revision: `on` says what it answers to a method.
class ModernWorld : public HttpWorld {
 public:
  ModernWorld() {
    shakes_hands = false;
    result_of["server/discover"] = discovered;
    result_of["tools/list"] = R"({"resultType":"complete","tools":[{"name":"x"}]})";
    result_of["tools/call"] = modern_done;
    serve = [this](ServedRequest& request) {
      if (request.is("subscriptions/listen")) return listen(request);
      const auto found = result_of.find(request.rpc_method());
      if (found != result_of.end()) return request.answer_result(found->second);
      request.answer("404 Not Found", "application/json",
                     R"({"jsonrpc":"2.0","id":)" + request.id() +
                         R"(,"error":{"code":-32601,"message":"Method not found"}})");
    };
  }

  std::unique_ptr<Session> open_modern() {
    auto session = open_either();
    EXPECT_TRUE(session) << session.error().why();
    if (!session) throw std::runtime_error("no session");
    EXPECT_THAT(with("initialize"), testing::IsEmpty());
    return std::move(*session);
  }
  // The params of the last request of that method.
  json::Document params_of(std::string_view method) const {
    const auto all = with(method);
    if (all.empty()) return parsed("{}");
    const json::Document document = parsed(all.back().body);
    return parsed(std::string(document.root().find("params")->raw()));
  }
  void answer_with(const std::string& method, const std::string& result) {
    result_of[method] = result;
  }

  std::map<std::string, std::string> result_of;
  bool listens = true;

 private:
  void listen(ServedRequest& request) const {
    if (!listens) return request.answer_status("404 Not Found");
    request.begin_events();
    request.event(
        R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}})");
  }
};

inline std::string member(json::Value value, std::string_view name) {
  const auto found = value.find(name);
  return found ? std::string(found->raw()) : "none";
}

}  // namespace upstream

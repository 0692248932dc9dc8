#include "upstream/demo.h"

#include "base/random.h"
#include "json/write.h"
#include "mcp/method.h"
#include "mcp/write.h"
#include "upstream/detail_local_session.h"

namespace upstream {
namespace {

constexpr std::string_view tools =
    R"({"tools":[)"
    R"({"name":"echo","title":"Echo","description":"Echoes back the input",)"
    R"("inputSchema":{"type":"object","properties":{"message":{"type":"string",)"
    R"("description":"Message to echo"}},"required":["message"]},)"
    R"("annotations":{"readOnlyHint":true}},)"
    R"({"name":"add","title":"Add","description":"Adds two numbers",)"
    R"("inputSchema":{"type":"object","properties":{"a":{"type":"number",)"
    R"("description":"First number"},"b":{"type":"number","description":"Second number"}},)"
    R"("required":["a","b"]},"annotations":{"readOnlyHint":true}},)"
    R"({"name":"printEnv","title":"Print environment",)"
    R"("description":"Prints the demo's own fixed environment, never the real one",)"
    R"("inputSchema":{"type":"object","properties":{}},"annotations":{"readOnlyHint":true}}]})";

constexpr std::string_view environment =
    "{\n  \"DEMO\": \"true\",\n  \"HOME\": \"/home/demo\",\n  \"LANG\": \"C.UTF-8\",\n"
    "  \"PATH\": \"/usr/bin:/bin\",\n  \"USER\": \"demo\"\n}";

constexpr std::string_view prompts =
    R"({"prompts":[{"name":"greeting","title":"Greeting",)"
    R"("description":"Asks for a friendly greeting",)"
    R"("arguments":[{"name":"name","description":"Whom to greet","required":false}]}]})";

constexpr std::string_view welcome_uri = "demo://welcome";
constexpr std::string_view resources =
    R"({"resources":[{"uri":"demo://welcome","name":"welcome",)"
    R"("title":"Welcome","description":"What this demo is","mimeType":"text/plain"}]})";
constexpr std::string_view welcome =
    "This is the built-in demo of agentgateway. Its tools are echo, add and printEnv.\n";

constexpr std::string_view server =
    R"("capabilities":{"tools":{},"prompts":{},"resources":{}},)"
    R"("serverInfo":{"name":"agentgateway-demo","title":"agentgateway demo","version":"1.0.0"},)"
    R"("instructions":"A demo target with the tools echo, add and printEnv.")";

std::string text_result(std::string_view text, bool is_error = false) {
  json::Writer out;
  out.begin_object().name("content").begin_array().begin_object();
  out.name("type").string("text").name("text").string(text).end_object().end_array();
  if (is_error) out.name("isError").boolean(true);
  return out.end_object().take();
}

std::string echo(json::Value arguments) {
  const auto message = arguments.find_string("message");
  if (!message) return text_result("'message' must be a string", true);
  return text_result("Echo: " + std::string(*message));
}

std::string number_text(double number) {
  return json::Writer().real(number).take();
}

std::string add(json::Value arguments) {
  const auto a = arguments.find("a").value_or(json::Value()).as_double();
  const auto b = arguments.find("b").value_or(json::Value()).as_double();
  if (!a || !b) return text_result("'a' and 'b' must be numbers", true);
  return text_result("The sum of " + number_text(*a) + " and " + number_text(*b) + " is " +
                     number_text(*a + *b) + ".");
}

std::string call_tool(const mcp::Message& request) {
  const auto name = request.params().find_string("name").value_or("");
  const json::Value arguments = request.params().find("arguments").value_or(json::Value());
  std::string result;
  if (name == "echo") result = echo(arguments);
  if (name == "add") result = add(arguments);
  if (name == "printEnv") result = text_result(environment);
  if (!result.empty()) return mcp::result_text(request.id(), result);
  return mcp::error_text(request.id(), mcp::Code::invalid_params,
                         "Unknown tool: " + std::string(name));
}

std::string get_prompt(const mcp::Message& request) {
  const auto name = request.params().find_string("name").value_or("");
  if (name != "greeting") {
    return mcp::error_text(request.id(), mcp::Code::invalid_params,
                           "Unknown prompt: " + std::string(name));
  }
  const json::Value arguments = request.params().find("arguments").value_or(json::Value());
  const std::string whom(arguments.find_string("name").value_or("the reader"));
  json::Writer out;
  out.begin_object().name("messages").begin_array().begin_object();
  out.name("role").string("user").name("content").begin_object();
  out.name("type").string("text").name("text").string("Write a friendly greeting for " + whom +
                                                      ".");
  out.end_object().end_object().end_array().end_object();
  return mcp::result_text(request.id(), out.take());
}

std::string read_resource(const mcp::Message& request) {
  const auto uri = request.params().find_string("uri").value_or("");
  json::Writer out;
  if (uri != welcome_uri) {
    out.begin_object().name("uri").string(uri).end_object();
    return mcp::error_text(request.id(), mcp::Code::resource_not_found, "Resource not found",
                           out.take());
  }
  out.begin_object().name("contents").begin_array().begin_object();
  out.name("uri").string(uri).name("mimeType").string("text/plain").name("text").string(welcome);
  out.end_object().end_array().end_object();
  return mcp::result_text(request.id(), out.take());
}

std::string initialize(const mcp::Message& request) {
  const auto version = request.params().find_string("protocolVersion").value_or("");
  return mcp::result_text(
      request.id(), "{\"protocolVersion\":" + json::quoted(mcp::text_of(mcp::negotiate(version))) +
                        "," + std::string(server) + "}");
}

class DemoSession final : public LocalSession {
 public:
  using LocalSession::LocalSession;

 private:
  std::string answer_of(const mcp::Message& request) const override;
};

std::string DemoSession::answer_of(const mcp::Message& request) const {
  const std::string_view method = request.method();
  if (method == "tools/call") return call_tool(request);
  if (method == "tools/list") return mcp::result_text(request.id(), tools);
  if (method == "prompts/list") return mcp::result_text(request.id(), prompts);
  if (method == "prompts/get") return get_prompt(request);
  if (method == "resources/list") return mcp::result_text(request.id(), resources);
  if (method == "resources/read") return read_resource(request);
  if (method == "resources/templates/list") {
    return mcp::result_text(request.id(), R"({"resourceTemplates":[]})");
  }
  if (method == "initialize") return initialize(request);
  if (method == "ping") return mcp::result_text(request.id(), "{}");
  return mcp::error_text(request.id(), mcp::Code::method_not_found, "Method not found");
}

class DemoTarget final : public Target {
 public:
  explicit DemoTarget(mcp::TargetName name) : name_(std::move(name)) {}
  const mcp::TargetName& name() const override { return name_; }

  using Target::open;
  Task<Result<std::unique_ptr<Session>>> open(
      std::shared_ptr<Site>, json::Value initialize_params, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials>) override {
    SystemRandom random;
    auto session = std::make_unique<DemoSession>(random);
    CO_TRY(co_await session->open(initialize_params, deadline));
    co_return std::unique_ptr<Session>(std::move(session));
  }
  Task<Result<std::unique_ptr<Session>>> resume(
      std::shared_ptr<Site> site, Portable portable, Deadline deadline,
      std::shared_ptr<const auth::CurrentCredentials> credentials) override {
    return open(std::move(site), portable.params, deadline, std::move(credentials));
  }

 private:
  mcp::TargetName name_;
};

}  // namespace

std::unique_ptr<Target> make_demo_target(mcp::TargetName name) {
  return std::make_unique<DemoTarget>(std::move(name));
}

}  // namespace upstream

#include "mcp/method.h"

#include <algorithm>
#include <array>

namespace mcp {
namespace {

#define METHOD(name, kind, senders, eras, touches) \
  Method{name, Kind::kind, Senders::senders, Eras::eras, Touches::touches},
constexpr std::array methods = {
#include "mcp/methods.def"
};
#undef METHOD

bool is_sent_by(const Method& method, Sender sender) {
  if (method.senders == Senders::both) return true;
  return (method.senders == Senders::client) == (sender == Sender::client);
}

bool is_of(const Method& method, Era era) {
  if (method.eras == Eras::both) return true;
  return (method.eras == Eras::modern) == (era == Era::modern);
}

tl::unexpected<ReadFault> refused(Code code, std::string why, const Message& message) {
  std::optional<Id> id;
  if (message.is_request()) id = message.id();
  return tl::unexpected(ReadFault(ReadFault::Reason::invalid, code, std::move(why), std::move(id)));
}

tl::expected<Subject, ReadFault> named(Subject::Kind kind, std::string_view member,
                                       const Message& message) {
  const std::optional<std::string_view> name = message.params().find_string(member);
  if (!name) {
    return refused(Code::invalid_params, "'params." + std::string(member) + "' must be a string",
                   message);
  }
  return Subject{kind, std::string(*name)};
}

// 2025-11-25, completion: a reference names a prompt or a resource; one that names both would be
// authorized as one and might be completed as the other.
tl::expected<Subject, ReadFault> referenced(const Message& message) {
  const json::Value ref = message.params().find("ref").value_or(json::Value());
  const bool is_prompt = ref.find_string("type") == "ref/prompt";
  const bool is_resource = ref.find_string("type") == "ref/resource";
  const std::optional<std::string_view> name =
      is_prompt ? ref.find_string("name") : ref.find_string("uri");
  const bool has_both = ref.find("name") && ref.find("uri");
  if ((!is_prompt && !is_resource) || !name || has_both) {
    return refused(Code::invalid_params, "'params.ref' must name one prompt or one resource",
                   message);
  }
  return Subject{is_prompt ? Subject::Kind::prompt : Subject::Kind::resource, std::string(*name)};
}

}  // namespace

const Method* find_method(std::string_view name) {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method& method) { return method.name == name; });
  return found == methods.end() ? nullptr : &*found;
}

tl::expected<const Method*, ReadFault> admit(const Message& message, Sender sender, Era era) {
  const Method* method = find_method(message.method());
  const bool is_allowed = method != nullptr && is_sent_by(*method, sender) && is_of(*method, era);
  if (method != nullptr && method->kind != message.kind()) {
    return refused(Code::invalid_request,
                   message.is_request() ? "a notification has no 'id'" : "a request needs an 'id'",
                   message);
  }
  if (is_allowed) return method;
  if (message.is_notification()) return nullptr;
  return refused(Code::method_not_found, "Method not found", message);
}

tl::expected<Subject, ReadFault> subject_of(const Method& method, const Message& message) {
  const std::optional<json::Value> arguments = message.params().find("arguments");
  if (arguments && !arguments->is_object()) {
    return refused(Code::invalid_params, "'params.arguments' must be an object", message);
  }
  switch (method.touches) {
    case Touches::tool:
      return named(Subject::Kind::tool, "name", message);
    case Touches::prompt:
      return named(Subject::Kind::prompt, "name", message);
    case Touches::resource:
      return named(Subject::Kind::resource, "uri", message);
    case Touches::completion:
      return referenced(message);
    case Touches::task:
      return named(Subject::Kind::task, "taskId", message);
    default:
      return Subject{};
  }
}

std::optional<ListShape> list_shape(Touches touches) {
  switch (touches) {
    case Touches::tools:
      return ListShape{"tools", "name", Subject::Kind::tool};
    case Touches::prompts:
      return ListShape{"prompts", "name", Subject::Kind::prompt};
    case Touches::resources:
      return ListShape{"resources", "uri", Subject::Kind::resource};
    case Touches::resource_templates:
      return ListShape{"resourceTemplates", "uriTemplate", Subject::Kind::resource};
    case Touches::tasks:
      return ListShape{"tasks", "taskId", Subject::Kind::task};
    default:
      return std::nullopt;
  }
}

}  // namespace mcp

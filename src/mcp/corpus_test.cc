// The corpus of client messages as far as it can be judged without a gateway: read, find the row of
// the method, find what is touched, ask the corpus' rules, write. Header cases (2026-07-28) need
// the endpoint; of them only the invariant about what is forwarded is tested here.

#include <array>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkstemp
#include <unistd.h>

#include "base/base64.h"
#include "mcp/detail_lenient_reader.h"
#include "mcp/method.h"
#include "mcp/name.h"
#include "mcp/write.h"

namespace mcp {
namespace {

constexpr std::size_t cases_min = 211;

std::string shared_dir() {
  const char* dir = std::getenv("SHARED_DIR");
  return dir != nullptr ? dir : "../shared";
}

// Unpacks with the gzip program, so that the tests need no library for nine cases.
std::string unzipped(const std::string& packed) {
  std::array<char, 32> path{"/tmp/mcp-corpus-XXXXXX"};
  const int file = mkstemp(path.data());
  EXPECT_GE(file, 0);
  EXPECT_EQ(::write(file, packed.data(), packed.size()), static_cast<ssize_t>(packed.size()));
  ::close(file);
  std::string out;
  FILE* pipe =
      popen(("gzip -dc < " + std::string(path.data())).c_str(), "r");  // NOLINT(cert-env33-c)
  std::array<char, 65536> piece{};
  std::size_t size = 0;
  while ((size = fread(piece.data(), 1, piece.size(), pipe)) > 0) out.append(piece.data(), size);
  EXPECT_EQ(pclose(pipe), 0);
  unlink(path.data());
  return out;
}

class Case {
 public:
  explicit Case(const std::string& line) : document_(json::Document::parse(line)) {}

  bool is_readable() const { return document_.has_value(); }
  std::string text(const char* member) const {
    return std::string(document_->root().find_string(member).value_or(""));
  }
  std::string body() const {
    const json::Value root = document_->root();
    if (const auto packed = root.find_string("body_gzip_b64")) {
      return unzipped(base::base64_decode(*packed).value());
    }
    if (const auto encoded = root.find_string("body_b64")) {
      return base::base64_decode(*encoded).value();
    }
    return text("text");
  }
  std::set<std::int64_t> codes() const {
    std::set<std::int64_t> codes;
    const auto list = document_->root().find("error_codes");
    if (!list) return codes;
    for (const json::Value code : list->elements()) codes.insert(*code.as_int());
    return codes;
  }

 private:
  Result<json::Document> document_;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(shared_dir() + "/corpora/mcp-messages/cases.jsonl");
  for (std::string line; std::getline(file, line);) cases.emplace_back(line);
  return cases;
}

bool is_allowed(Subject::Kind kind, const TargetName& target, const UpstreamName& name) {
  if (target != TargetName("alpha")) return false;
  if (kind == Subject::Kind::tool) return name == UpstreamName("echo");
  if (kind == Subject::Kind::prompt) return name == UpstreamName("public_prompt");
  return name == UpstreamName("file:///public");
}

struct Outcome {
  enum class Kind { forwarded, dropped, denied, rejected };
  Kind kind = Kind::forwarded;
  std::optional<Code> code;  // of rejected
  std::string text;          // of forwarded
};

Outcome rejected(const ReadFault& fault) {
  return Outcome{Outcome::Kind::rejected, fault.code(), {}};
}

Outcome forwarded(const Message& message, const ParamsEdit& edit) {
  return Outcome{Outcome::Kind::forwarded, std::nullopt,
                 request_text(Id(77), message.method(), message.params(), edit)};
}

Outcome judge_subject(const Message& message, const Subject& subject) {
  const bool is_uri = subject.kind == Subject::Kind::resource;
  const ExposedName exposed(subject.name);
  const auto addressed = is_uri ? split_uri(exposed) : split(exposed);
  const bool is_known = addressed && (addressed->target == TargetName("alpha") ||
                                      addressed->target == TargetName("beta"));
  if (!is_known) return Outcome{Outcome::Kind::rejected, Code::invalid_params, {}};
  if (!is_allowed(subject.kind, addressed->target, addressed->name)) {
    return Outcome{Outcome::Kind::denied, Code::invalid_params, {}};
  }
  ParamsEdit edit;
  (message.method() == "completion/complete" ? edit.reference
   : is_uri                                  ? edit.uri
                                             : edit.name) = addressed->name.text();
  return forwarded(message, edit);
}

// What the endpoint does with a body, for one session without pending questions.
Outcome judge(std::string body) {
  const auto message = read(std::move(body), Sender::client);
  if (!message) return rejected(message.error());
  if (message->is_response()) return Outcome{Outcome::Kind::rejected, std::nullopt, {}};
  const auto method = admit(*message, Sender::client, Era::legacy);
  if (!method) return rejected(method.error());
  if (*method == nullptr || message->is_notification()) {
    return Outcome{Outcome::Kind::dropped, std::nullopt, {}};
  }
  const auto subject = subject_of(**method, *message);
  if (!subject) return rejected(subject.error());
  if (subject->kind == Subject::Kind::none) return forwarded(*message, ParamsEdit());
  return judge_subject(*message, *subject);
}

// What a server with a reader of that kind would do with a forwarded text.
void expect_permitted(const std::string& text, Sloppiness how) {
  const auto call = LenientValue::read(text);
  ASSERT_TRUE(call) << text;
  const LenientValue* method = call->find("method", how);
  ASSERT_TRUE(method != nullptr);
  const LenientValue* params = call->find("params", how);
  const auto member = [&](const char* name) {
    const LenientValue* value = params != nullptr ? params->find(name, how) : nullptr;
    return value != nullptr ? value->text() : std::string();
  };
  if (method->text() == "tools/call") {
    EXPECT_EQ(member("name"), "echo");
  }
  if (method->text() == "prompts/get") {
    EXPECT_EQ(member("name"), "public_prompt");
  }
  if (method->text().starts_with("resources/") && !member("uri").empty()) {
    EXPECT_EQ(member("uri"), "file:///public");
  }
  EXPECT_EQ(member("task"), "");
}

void expect_outcome(const Case& each, const Outcome& outcome) {
  using Kind = Outcome::Kind;
  const std::string expected = each.text("expected");
  if (expected == "forward") {
    EXPECT_EQ(outcome.kind, Kind::forwarded);
  }
  if (expected == "accept202") {
    EXPECT_EQ(outcome.kind, Kind::dropped);
  }
  if (expected == "deny" || expected == "reject" || expected == "deny_or_reject") {
    EXPECT_TRUE(outcome.kind == Kind::denied || outcome.kind == Kind::rejected);
  }
  if (expected == "reject" && outcome.code && !each.codes().empty()) {
    EXPECT_TRUE(each.codes().contains(static_cast<int>(*outcome.code)))
        << static_cast<int>(*outcome.code);
  }
}

TEST(McpMessagesCorpus, is_judged_as_it_says) {
  if (!std::ifstream(shared_dir() + "/README.md")) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") FAIL() << "no corpora in CI";
    GTEST_SKIP() << "no corpora here";
  }
  std::size_t judged = 0, by_headers = 0, sent = 0;
  const std::vector<Case> cases = read_cases();
  for (const Case& each : cases) {
    ASSERT_TRUE(each.is_readable());
    SCOPED_TRACE(each.text("name"));
    const Outcome outcome = judge(each.body());
    if (each.text("category") == "header-body") {
      ++by_headers;
    } else {
      expect_outcome(each, outcome);
      ++judged;
    }
    if (outcome.kind != Outcome::Kind::forwarded) continue;
    ++sent;
    EXPECT_EQ(outcome.text.find_first_of("\r\n"), std::string::npos);
    for (const Sloppiness how :
         {Sloppiness::first_wins, Sloppiness::last_wins, Sloppiness::ignoring_case}) {
      expect_permitted(outcome.text, how);
    }
  }
  EXPECT_GE(cases.size(), cases_min);
  EXPECT_GE(judged, 188U);
  EXPECT_EQ(judged + by_headers, cases.size());
  std::cout << "mcp-messages: " << judged << " judged, " << by_headers << " need headers, " << sent
            << " forwarded\n";
}

}  // namespace
}  // namespace mcp

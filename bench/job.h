#pragma once
// What is asked and what must come back. Every text follows from the request's number alone, so
// that both ends can check every byte of the other without telling each other anything.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire.h"

namespace bench {

enum class Answer { json, chunked, sse };

// The name as it stands in the request's target, or nothing.
std::optional<Answer> answer_of(std::string_view name);
std::string_view name_of(Answer answer);

constexpr std::size_t events_in_stream = 3;

// 300 bytes of JSON for request `id`.
std::string request_body(std::uint64_t id);
// 600 bytes of JSON: the answer to it.
std::string answer_body(std::uint64_t id);

class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;
  virtual void append_request(std::uint64_t id, std::string& out) const = 0;
  // What is wrong with the answer to request `id`; empty if it is right.
  virtual std::string fault_of(std::uint64_t id, const Message& message) const = 0;
};

// A POST with a head of about 980 bytes that a proxy passes on to the Upstream of this program.
std::unique_ptr<Job> make_proxy_job(Answer answer, std::string_view token);

// tools/call of `echo` at an MCP endpoint, spread over these sessions and tokens: the next request
// takes the next of each. No tokens: anonymous.
std::unique_ptr<Job> make_tool_job(const std::vector<std::string>& tokens,
                                   const std::vector<std::string>& sessions);

// One request at the MCP endpoint; `session` may be empty, `body` too (then it is a GET).
std::string mcp_request(std::string_view token, std::string_view session, std::string_view body);

}  // namespace bench

#pragma once
// The one table from Fault to what a client sees: HTTP status, JSON-RPC code and text. An Error's
// own words go to the record, for operators, and never to the client.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "mcp/message.h"
#include "policy/exchange.h"

namespace gateway {

struct Outward {
  int status;      // of a plain HTTP answer
  mcp::Code code;  // of a JSON-RPC answer
  std::string_view text;
  policy::Reason reason;  // in the access record
};
const Outward& outward(Fault fault);

// A plain answer, text/plain.
http::Response refuse(policy::Exchange& exchange, const Error& error);
// The same with a status and a text of the caller's, for what HTTP itself demands (405, 406, 415).
http::Response refuse(policy::Exchange& exchange, int status, std::string_view text);

// What a JSON-RPC error says; `data` is JSON text or empty.
struct RpcError {
  mcp::Code code;
  std::string_view text;
  std::string_view data;
};
// A JSON-RPC error as the whole answer.
http::Response refuse_call(policy::Exchange& exchange, int status, const std::optional<mcp::Id>& id,
                           const RpcError& error);
// What went wrong behind the gateway while a request was served. HTTP 200: an HTTP error would make
// clients give up their session for a fault that is one call's.
http::Response refuse_call(policy::Exchange& exchange, const std::optional<mcp::Id>& id,
                           const Error& error);
// A message that could not be read or is not admitted.
http::Response refuse_message(policy::Exchange& exchange, const mcp::ReadFault& fault);

// The JSON-RPC text alone, for answers on a stream; recorded alike.
std::string error_text(policy::Exchange& exchange, const mcp::Id& id, const Error& error);

}  // namespace gateway

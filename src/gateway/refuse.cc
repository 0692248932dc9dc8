#include "gateway/refuse.h"

#include "mcp/write.h"

namespace gateway {
namespace {

using mcp::Code;
using policy::Reason;

constexpr Outward bad_request{400, Code::invalid_request, "invalid request",
                              Reason::invalid_request};
constexpr Outward unauthenticated{401, Code::invalid_request, "authentication failure",
                                  Reason::jwt_auth};
constexpr Outward forbidden{403, Code::invalid_request, "not allowed", Reason::authorization};
constexpr Outward not_found{404, Code::invalid_request, "not found", Reason::not_found};
constexpr Outward conflict{409, Code::invalid_request, "a request with this id is in progress",
                           Reason::mcp};
constexpr Outward too_large{413, Code::invalid_request, "too large", Reason::invalid_request};
constexpr Outward too_many{429, Code::internal_error, "too many requests in progress", Reason::mcp};
constexpr Outward unavailable{503, Code::internal_error, "the target is not available",
                              Reason::upstream_failure};
constexpr Outward upstream_failed{502, Code::internal_error, "the target failed to answer",
                                  Reason::upstream_failure};
constexpr Outward timed_out{504, Code::internal_error, "the target did not answer in time",
                            Reason::timeout};
constexpr Outward cancelled{499, Code::internal_error, "the request was cancelled",
                            Reason::client_gone};
constexpr Outward internal{500, Code::internal_error, "internal error", Reason::internal};

void record_rpc(policy::Exchange& exchange, Code code, std::string_view text) {
  exchange.record.mcp_error_code = static_cast<int>(code);
  exchange.record.mcp_error = std::string(text);
  if (exchange.record.reason == Reason::upstream) exchange.record.reason = Reason::mcp;
}

}  // namespace

const Outward& outward(Fault fault) {
  switch (fault) {
    case Fault::bad_request:
      return bad_request;
    case Fault::unauthenticated:
      return unauthenticated;
    case Fault::forbidden:
      return forbidden;
    case Fault::not_found:
      return not_found;
    case Fault::conflict:
      return conflict;
    case Fault::too_large:
      return too_large;
    case Fault::too_many:
      return too_many;
    case Fault::unavailable:
      return unavailable;
    case Fault::upstream_failed:
      return upstream_failed;
    case Fault::timed_out:
      return timed_out;
    case Fault::cancelled:
      return cancelled;
    case Fault::internal:
      return internal;
  }
  return internal;
}

http::Response refuse(policy::Exchange& exchange, const Error& error) {
  const Outward& seen = outward(error.fault());
  exchange.record.reason = seen.reason;
  exchange.record.error = error.why();
  return http::Response(seen.status, "text/plain; charset=utf-8", std::string(seen.text));
}

http::Response refuse(policy::Exchange& exchange, int status, std::string_view text) {
  exchange.record.reason = Reason::invalid_request;
  exchange.record.error = std::string(text);
  return http::Response(status, "text/plain; charset=utf-8", std::string(text));
}

http::Response refuse_call(policy::Exchange& exchange, int status, const std::optional<mcp::Id>& id,
                           const RpcError& error) {
  record_rpc(exchange, error.code, error.text);
  return http::Response(status, "application/json",
                        mcp::error_text(id, error.code, error.text, error.data));
}

http::Response refuse_call(policy::Exchange& exchange, const std::optional<mcp::Id>& id,
                           const Error& error) {
  const Outward& seen = outward(error.fault());
  exchange.record.reason = seen.reason;
  exchange.record.error = error.why();
  return refuse_call(exchange, 200, id, RpcError{seen.code, seen.text, {}});
}

http::Response refuse_message(policy::Exchange& exchange, const mcp::ReadFault& fault) {
  exchange.record.reason = Reason::invalid_request;
  record_rpc(exchange, fault.code(), fault.why());
  // A method that is not known is an answer to a good request; everything else is a bad request.
  const int status = fault.code() == Code::method_not_found ? 200 : 400;
  return http::Response(status, "application/json", mcp::error_text(fault));
}

std::string error_text(policy::Exchange& exchange, const mcp::Id& id, const Error& error) {
  const Outward& seen = outward(error.fault());
  exchange.record.reason = seen.reason;
  exchange.record.error = error.why();
  record_rpc(exchange, seen.code, seen.text);
  return mcp::error_text(id, seen.code, seen.text);
}

}  // namespace gateway

#pragma once
// The one way by which the gateway itself asks for a small document: key sets, metadata, tokens,
// introspection. It sends to the address it was given and to nobody else: a redirect is followed
// only within the same origin, and where the address does not stand in the configuration it must be
// https, port 443, and resolve to public addresses only (a Dialler sees to the last).

#include <chrono>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/uri.h"
#include "http/client.h"

namespace http {

inline constexpr Duration fetch_within = std::chrono::seconds(5);
inline constexpr std::size_t fetched_bytes_max = std::size_t{1024} * 1024;
inline constexpr int fetch_redirects_max = 3;

// Who wrote the address down.
enum class AddressOrigin { configuration, document };

class FetchRequest {
 public:
  FetchRequest(Uri the_uri, AddressOrigin the_origin)
      : uri(std::move(the_uri)), origin(the_origin) {}

  Uri uri;
  AddressOrigin origin;
  // Sent with a POST; without it, it is a GET.
  std::string form;
  std::string content_type = "application/x-www-form-urlencoded";  // of `form`
  std::string authorization;
  std::size_t bytes_max = fetched_bytes_max;
};

// Whether a document may lead here: https, port 443, and a host that is a name or a public address
// written in the one usual way. What the name resolves to is for the Dialler to check.
Result<> check_foreign_address(const Uri& uri);

// The last answer, whatever its status, with its whole body. Refused are redirects to other
// origins (and any of a POST), more than bytes_max (Fault::too_large), encodings nobody asked for.
Task<Result<Response>> fetch(Pool& pool, FetchRequest request, Deadline deadline);

// The same for a document of JSON: status 200 and a type that can be JSON.
Task<Result<Response>> fetch_json(Pool& pool, FetchRequest request, Deadline deadline);

}  // namespace http

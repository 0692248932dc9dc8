#include "policy/timeout.h"

namespace policy {

void describe(schema::Object<TimeoutSettings>& o) {
  o.field(
      "requestTimeout", &TimeoutSettings::request,
      "From the request to the end of its answer; 504 if no byte of the answer was sent yet. Event "
      "streams that a client listens on are not bounded by it.");
  o.field("backendRequestTimeout", &TimeoutSettings::backend_request,
          "From the request to the backend until its answer begins; 504.");
}

}  // namespace policy

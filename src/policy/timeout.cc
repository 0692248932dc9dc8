#include "policy/timeout.h"

namespace policy {

void describe(schema::Object<TimeoutSettings>& o) {
  o.field("requestTimeout", &TimeoutSettings::request,
          "From the request until its answer begins; 504. An answer that has begun is not cut.");
  o.field("backendRequestTimeout", &TimeoutSettings::backend_request,
          "From the request to the backend until its answer begins; 504.");
}

}  // namespace policy

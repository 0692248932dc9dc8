// The same properties as for requests, for the answers of an upstream.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "http/detail_test_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cut = data[0];
  const char* method = (data[1] & 1U) != 0 ? "HEAD" : "POST";
  const bool has_ended = (data[1] & 2U) != 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  std::vector<std::string> pieces;
  const std::size_t step = cut < 16 ? cut + 1 : cut * 3;
  for (std::size_t at = 0; at < bytes.size(); at += step) pieces.push_back(bytes.substr(at, step));
  const std::string broken = http::testing_::check_response(bytes, pieces, method, has_ended);
  if (broken.empty()) return 0;
  std::ignore = std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}

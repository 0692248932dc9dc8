// Whatever is accepted is read alike however it is split, is understood by llhttp's strict mode in
// the same way, and reads the same again after it has been written.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "http/detail_test_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  // The first byte says where the bytes are cut, a second time for each byte that follows.
  const std::size_t cut = data[0];
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  std::vector<std::string> pieces;
  const std::size_t step = cut < 16 ? cut + 1 : cut * 3;
  for (std::size_t at = 0; at < bytes.size(); at += step) pieces.push_back(bytes.substr(at, step));
  const std::string broken = http::testing_::check_requests(bytes, pieces);
  if (broken.empty()) return 0;
  std::ignore = std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}

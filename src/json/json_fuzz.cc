#include <cstdint>
#include <cstdlib>
#include <string>

#include "json/value.h"
#include "json/write.h"

// What is accepted is passed on as it was read, and reads back as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<json::Document> document = json::Document::parse(text);
  if (!document) return 0;
  json::Writer writer;
  const Result<json::Document> again = json::Document::parse(writer.value(document->root()).take());
  if (!again || again->root().raw() != document->root().raw()) std::abort();
  return 0;
}

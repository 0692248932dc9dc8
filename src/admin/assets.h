#pragma once
// The files of the web interface, which the build puts into the program (cmake/ui.cmake). A build
// without them has none; /ui then says how to get them.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace admin {

// One file: its path below /ui/ ("assets/index-3fa8.js"), and its bytes, also compressed if that
// was worth it.
struct Asset {
  std::string_view path;
  std::string_view media_type;
  std::string_view etag;  // with its quotes
  std::string_view bytes;
  std::string_view brotli;  // empty: only plain
};

// Sorted by path; made by the build.
std::span<const Asset> all_assets();

// What the page of this process must know.
class PageFacts {
 public:
  PageFacts(std::string the_page_token, std::string the_nonce, std::string the_sources)
      : page_token(std::move(the_page_token)),
        nonce(std::move(the_nonce)),
        connect_sources(std::move(the_sources)) {}

  std::string page_token;
  std::string nonce;            // of this answer
  std::string connect_sources;  // besides its own origin, where the page may connect to
};

// The answer to GET or HEAD of a path at or below /ui; of `assets`.
http::Response serve_asset(std::span<const Asset> assets, const http::Request& request,
                           const PageFacts& facts);

}  // namespace admin

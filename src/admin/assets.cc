#include "admin/assets.h"

#include <algorithm>

#include "base/text.h"

namespace admin {
namespace {

constexpr std::string_view token_placeholder = "__AGENTGATEWAY_TOKEN__";
constexpr std::string_view nonce_placeholder = "__CSP_NONCE__";

constexpr std::string_view page_without_ui = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="agentgateway-token" content="__AGENTGATEWAY_TOKEN__">
<meta name="viewport" content="width=device-width">
<title>agentgateway</title>
</head>
<body>
<h1>agentgateway</h1>
<p>This build of the gateway has no web interface in it. The gateway itself and its API under
<code>/api/v1</code> work.</p>
<p>To get the web interface, run <code>./dev run</code> in the source tree: it finds or installs a
suitable Node.js, builds <code>ui/</code>, and builds the gateway with it.</p>
</body>
</html>
)";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

const Asset* find(std::span<const Asset> assets, std::string_view path) {
  const auto found = std::lower_bound(
      assets.begin(), assets.end(), path,
      [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
  return found != assets.end() && found->path == path ? &*found : nullptr;
}

// Nothing that a page may do beyond what ours does.
std::string policy_of(const PageFacts& facts) {
  std::string policy = "default-src 'self'; script-src 'self' 'nonce-" + facts.nonce +
                       "'; style-src 'self' 'nonce-" + facts.nonce +
                       "'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src "
                       "'self'; connect-src 'self'";
  if (!facts.connect_sources.empty()) policy += " " + facts.connect_sources;
  return policy +
         "; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
}

http::Response page(std::string text, const PageFacts& facts) {
  replace_all(text, token_placeholder, facts.page_token);
  replace_all(text, nonce_placeholder, facts.nonce);
  http::Response response(200, "text/html; charset=utf-8", std::move(text));
  response.headers.add("content-security-policy", policy_of(facts));
  response.headers.add("cache-control", "no-store");  // it holds a word of this process
  return response;
}

bool accepts_brotli(const http::Request& request) {
  for (const std::string_view field : request.headers.all("accept-encoding")) {
    for (const std::string_view part : base::split(field, ',')) {
      const std::string_view coding = base::trim(part.substr(0, part.find(';')));
      if (coding == "br" && part.find("q=0") == std::string_view::npos) return true;
    }
  }
  return false;
}

// Names that hold a digest of their content never change what they mean.
bool is_immutable(std::string_view path) {
  return path.starts_with("assets/");
}

http::Response file(const Asset& asset, const http::Request& request) {
  const bool is_compressed = !asset.brotli.empty() && accepts_brotli(request);
  const auto known = request.headers.find("if-none-match");
  http::Response response(200);
  if (known && *known == asset.etag) {
    response.status = 304;
  } else {
    response.headers.add("content-type", asset.media_type);
    response.body = std::string(is_compressed ? asset.brotli : asset.bytes);
    if (is_compressed) response.headers.add("content-encoding", "br");
  }
  response.headers.add("etag", asset.etag);
  response.headers.add("vary", "accept-encoding");
  response.headers.add("cache-control", is_immutable(asset.path)
                                            ? "public, max-age=31536000, immutable"
                                            : "no-cache");
  return response;
}

}  // namespace

http::Response serve_asset(std::span<const Asset> assets, const http::Request& request,
                           const PageFacts& facts) {
  std::string_view path = request.path();
  path.remove_prefix(std::min(path.size(), std::string_view("/ui/").size()));
  if (assets.empty()) return page(std::string(page_without_ui), facts);
  const Asset* asset = find(assets, path);
  if (asset != nullptr && path != "index.html") return file(*asset, request);
  // A page of the application has no dot in its path; a file that is not there has one.
  const bool is_page = path == "index.html" || path.find('.') == std::string_view::npos;
  const Asset* index = find(assets, "index.html");
  if (!is_page || index == nullptr) {
    return http::Response(404, "text/plain; charset=utf-8", "no such file");
  }
  return page(std::string(index->bytes), facts);
}

}  // namespace admin

#include "admin/assets.h"

#include <gtest/gtest.h>

namespace admin {
namespace {

constexpr Asset some[] = {
    {"assets/index-1.css", "text/css; charset=utf-8", "\"c\"", "body{}", {}},
    {"assets/index-1.js", "text/javascript; charset=utf-8", "\"j\"", "plain", "small"},
    {"favicon.svg", "image/svg+xml", "\"f\"", "<svg/>", {}},
    {"index.html",
     "text/html; charset=utf-8",
     "\"i\"",
     "<meta content=\"__AGENTGATEWAY_TOKEN__\"><script nonce=\"__CSP_NONCE__\">",
     {}},
};

http::Response get(std::span<const Asset> assets, const std::string& path,
                   const std::string& accepted = "") {
  http::Request request("GET", path, "localhost");
  if (!accepted.empty()) request.headers.add("accept-encoding", accepted);
  return serve_asset(assets, request, PageFacts("the-token", "the-nonce", "http://localhost:3000"));
}

TEST(Assets, page_knows_the_token_and_the_nonce_of_its_policy) {
  for (const char* path : {"/ui", "/ui/", "/ui/index.html", "/ui/playground", "/ui/a/b"}) {
    const http::Response response = get(some, path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body.text(), "<meta content=\"the-token\"><script nonce=\"the-nonce\">");
    EXPECT_EQ(response.headers.find("cache-control"), "no-store");
    const std::string policy(*response.headers.find("content-security-policy"));
    EXPECT_NE(policy.find("script-src 'self' 'nonce-the-nonce'"), std::string::npos);
    EXPECT_NE(policy.find("connect-src 'self' http://localhost:3000;"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe-eval"), std::string::npos);
  }
}

TEST(Assets, files_are_kept_for_ever_and_compressed_for_those_who_can) {
  const http::Response plain = get(some, "/ui/assets/index-1.js");
  EXPECT_EQ(plain.body.text(), "plain");
  EXPECT_EQ(plain.headers.find("etag"), "\"j\"");
  EXPECT_EQ(plain.headers.find("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_FALSE(plain.headers.has("content-encoding"));
  const http::Response compressed = get(some, "/ui/assets/index-1.js", "gzip, br");
  EXPECT_EQ(compressed.body.text(), "small");
  EXPECT_EQ(compressed.headers.find("content-encoding"), "br");
  EXPECT_EQ(get(some, "/ui/assets/index-1.js", "br;q=0").body.text(), "plain");
  EXPECT_EQ(get(some, "/ui/assets/index-1.css", "br").body.text(), "body{}");
  EXPECT_EQ(get(some, "/ui/favicon.svg").headers.find("cache-control"), "no-cache");
}

TEST(Assets, a_file_that_is_known_is_not_sent_again) {
  http::Request request("GET", "/ui/assets/index-1.js", "localhost");
  request.headers.add("if-none-match", "\"j\"");
  const http::Response response = serve_asset(some, request, PageFacts("", "", ""));
  EXPECT_EQ(response.status, 304);
  EXPECT_TRUE(response.body.is_empty());
}

TEST(Assets, nothing_but_its_files_is_served) {
  for (const char* path : {"/ui/../../etc/passwd", "/ui/assets/../index.html", "/ui/assets/x.js",
                           "/ui/%2e%2e/index.html.br", "/ui/assets/index-1.js.br"}) {
    EXPECT_EQ(get(some, path).status, 404) << path;
  }
}

TEST(Assets, a_build_without_them_says_how_to_get_them) {
  const http::Response response = get({}, "/ui/playground");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.text().find("./dev run"), std::string::npos);
  EXPECT_NE(response.body.text().find("the-token"), std::string::npos);
}

}  // namespace
}  // namespace admin

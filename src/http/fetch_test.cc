#include "http/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/detail_test_corpus.h"
#include "http/detail_test_stream.h"
#include "http/dialler.h"

namespace http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_::Json;
using testing_::run;
using testing_::ScriptedStream;
using testing_::Then;

// A world of names. Every connection answers the next of `answers` to what is written to it.
struct World {
  std::map<std::string, std::vector<std::vector<std::string>>> names;  // one list a question
  std::vector<std::string> answers;
  std::vector<std::string> dialled;  // addresses
  std::vector<std::string> secured;  // hosts
  std::string written;
};

std::vector<net::Address> addresses_of(const std::vector<std::string>& texts, std::uint16_t port) {
  std::vector<net::Address> found;
  for (const std::string& text : texts) found.push_back(net::Address::parse(text, port).value());
  return found;
}

class FakeStream final : public net::Stream {
 public:
  explicit FakeStream(World& world) : world_(world) {}
  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override {
    return stream_.read(deadline);
  }
  Task<Result<>> write(net::Buffers buffers, Deadline deadline) override {
    const bool is_first = stream_.written.empty();
    auto done = co_await stream_.write(buffers, deadline);
    world_.written = stream_.written;
    if (!is_first || world_.answers.empty()) co_return done;
    stream_.push(world_.answers.front());
    world_.answers.erase(world_.answers.begin());
    stream_.then(Then::end);
    co_return done;
  }
  Task<Result<>> finish(Deadline deadline) override { return stream_.finish(deadline); }
  bool is_quiet() const override { return stream_.is_quiet(); }

 private:
  World& world_;
  ScriptedStream stream_;
};

class FakeNetwork final : public Network {
 public:
  explicit FakeNetwork(World& world) : world_(world) {}

  Task<Result<std::vector<net::Address>>> resolve(std::string host, std::uint16_t port,
                                                  Deadline) override {
    if (auto address = net::Address::parse(host, port)) co_return std::vector{*address};
    const auto found = world_.names.find(host);
    if (found == world_.names.end()) co_return failed(Fault::not_found, "no such name");
    const std::vector<std::string> answer = found->second.front();
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    co_return addresses_of(answer, port);
  }
  Task<Result<std::unique_ptr<net::Stream>>> dial(net::Address address, Deadline) override {
    world_.dialled.push_back(address.text());
    co_return std::make_unique<FakeStream>(world_);
  }
  Task<Result<std::unique_ptr<net::Stream>>> secure(std::unique_ptr<net::Stream> carrier,
                                                    std::string host, Deadline) override {
    world_.secured.push_back(host);
    co_return std::move(carrier);
  }

 private:
  World& world_;
};

std::string answer_of(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string redirect_to(const std::string& place, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Found\r\nLocation: " + place +
         "\r\nContent-Length: 0\r\n\r\n";
}

class Fetch : public ::testing::Test {
 protected:
  Result<std::string> get(const std::string& url,
                          AddressOrigin origin = AddressOrigin::configuration) {
    const Result<Uri> uri = Uri::parse(url);
    if (!uri) return tl::unexpected(uri.error());
    return send(FetchRequest(*uri, origin));
  }
  Result<std::string> send(FetchRequest request) {
    Dialler dialler(std::make_unique<FakeNetwork>(world_));
    Pool pool(scheduler_, dialler, ClientLimits());
    const Deadline deadline = Deadline::in(scheduler_.now(), fetch_within);
    auto response = run(scheduler_, fetch_json(pool, std::move(request), deadline));
    if (!response) return tl::unexpected<Error>(response.error());
    return response->body.text();
  }
  Fault fault_of(const std::string& url) {
    const auto got = get(url);
    EXPECT_FALSE(got);
    return got ? Fault::internal : got.error().fault();
  }

  ManualScheduler scheduler_;
  World world_;
};

TEST_F(Fetch, asks_for_a_document_in_clear_or_over_tls) {
  world_.names["idp.test"] = {{"10.0.0.7"}};
  world_.answers = {answer_of("", "{}"), answer_of("", "[]")};

  EXPECT_EQ(get("http://idp.test:8080/keys?a=b").value_or(""), "{}");
  EXPECT_THAT(world_.written, HasSubstr("GET /keys?a=b HTTP/1.1\r\nhost: idp.test:8080\r\n"));
  EXPECT_THAT(world_.secured, IsEmpty());
  EXPECT_EQ(get("https://idp.test/keys").value_or(""), "[]");
  EXPECT_THAT(world_.secured, ElementsAre("idp.test"));
  EXPECT_THAT(world_.dialled, ElementsAre("10.0.0.7:8080", "10.0.0.7:443"));
}

TEST_F(Fetch, posts_a_form_with_credentials) {
  world_.answers = {answer_of("", "{}")};
  FetchRequest request(Uri::parse("http://127.0.0.1:9/introspect").value(),
                       AddressOrigin::configuration);
  request.form = "token=abc";
  request.authorization = "Basic eDp5";

  EXPECT_EQ(send(std::move(request)).value_or(""), "{}");

  EXPECT_THAT(world_.written, HasSubstr("POST /introspect HTTP/1.1\r\n"));
  EXPECT_THAT(world_.written, HasSubstr("authorization: Basic eDp5\r\n"));
  EXPECT_THAT(world_.written, HasSubstr("content-type: application/x-www-form-urlencoded\r\n"));
  EXPECT_THAT(world_.written, HasSubstr("\r\n\r\ntoken=abc"));
}

TEST_F(Fetch, follows_redirects_within_the_origin_only) {
  world_.names["idp.test"] = {{"10.0.0.7"}};
  world_.names["other.test"] = {{"10.0.0.8"}};
  world_.answers = {redirect_to("/b"), redirect_to("http://idp.test:80/c", 307),
                    answer_of("", "{}")};
  EXPECT_EQ(get("http://idp.test/a").value_or(""), "{}");
  EXPECT_THAT(world_.written, HasSubstr("GET /c "));
  for (const char* place : {"http://other.test/a", "https://idp.test/a", "http://idp.test:81/a",
                            "//other.test/a", "b", "http://user@idp.test/a", ""}) {
    world_.dialled.clear();
    world_.answers = {redirect_to(place), answer_of("", "{}")};
    EXPECT_EQ(fault_of("http://idp.test/a"), Fault::forbidden) << place;
    EXPECT_EQ(world_.dialled.size(), 1U) << place;
  }
}

TEST_F(Fetch, gives_up_after_three_redirects) {
  world_.answers = std::vector<std::string>(10, redirect_to("/a"));
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::forbidden);
  EXPECT_EQ(world_.dialled.size(), 4U);
}

TEST_F(Fetch, does_not_send_a_form_anywhere_else) {
  world_.answers = {redirect_to("/b", 307), answer_of("", "{}")};
  FetchRequest request(Uri::parse("http://127.0.0.1:9/a").value(), AddressOrigin::configuration);
  request.form = "token=abc";
  EXPECT_FALSE(send(std::move(request)));
  EXPECT_EQ(world_.dialled.size(), 1U);
}

TEST_F(Fetch, takes_no_more_than_its_limit) {
  world_.answers = {answer_of("", std::string(101, ' '))};
  FetchRequest request(Uri::parse("http://127.0.0.1:9/a").value(), AddressOrigin::configuration);
  request.bytes_max = 100;
  const auto got = send(std::move(request));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault(), Fault::too_large);
}

TEST_F(Fetch, takes_only_a_whole_answer_that_can_be_json) {
  world_.answers = {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"};
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::upstream_failed);
  world_.answers = {answer_of("Content-Encoding: gzip\r\n", "{}")};
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::upstream_failed);
  world_.answers = {"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}"};
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::upstream_failed);
  world_.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"};
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::upstream_failed);
  world_.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"};
  EXPECT_EQ(get("http://127.0.0.1/a").value_or(""), "{}");
}

TEST_F(Fetch, ends_at_its_deadline) {
  EXPECT_EQ(fault_of("http://127.0.0.1/a"), Fault::timed_out);
}

TEST_F(Fetch, dials_the_addresses_it_checked) {
  world_.names["rebind.test"] = {{"93.184.216.34"}, {"127.0.0.1"}};
  world_.answers = {answer_of("", "{}")};
  EXPECT_TRUE(get("https://rebind.test/", AddressOrigin::document));
  EXPECT_THAT(world_.dialled, ElementsAre("93.184.216.34:443"));
}

std::vector<std::string> texts_of(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& item : json.items) texts.push_back(item.text);
  return texts;
}

class SsrfCorpus : public Fetch {
 protected:
  void know_names(const Json& entry) {
    world_ = World();
    world_.names["idp.example.com"] = {{"93.184.216.34"}};
    world_.names["other.example.com"] = {{"93.184.216.35"}};
    world_.names["localhost"] = {{"127.0.0.1", "::1"}};
    world_.names["localhost."] = {{"127.0.0.1", "::1"}};
    world_.names["127.0.0.1.nip.io"] = {{"127.0.0.1"}};
    world_.names["localtest.me"] = {{"127.0.0.1"}};
    world_.names["metadata.google.internal"] = {{"169.254.169.254"}};
    const Result<Uri> uri = Uri::parse(entry["url"].text);
    if (!uri || !entry.has("dns")) return;
    auto& answers = world_.names[uri->authority().host()];
    answers.clear();
    for (const Json& answer : entry["dns"].items) answers.push_back(texts_of(answer));
  }
  void expect_public_only(const std::string& name) {
    for (const std::string& address : world_.dialled) {
      EXPECT_TRUE(net::Address::parse(address)->is_public()) << name << ": dialled " << address;
    }
  }
};

TEST_F(SsrfCorpus, is_fetched_only_where_it_says_so) {
  SKIP_WITHOUT_CORPUS("ssrf-and-origin");
  std::ifstream in(testing_::corpus_folder("ssrf-and-origin") / "ssrf-urls.jsonl");
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const Json entry = testing_::JsonReader(line).value();
    const std::string name = entry["name"].text;
    know_names(entry);
    for (const std::string& place : texts_of(entry["redirects"])) {
      world_.answers.push_back(redirect_to(place));
    }
    world_.answers.push_back(answer_of("", "{}"));
    const auto got = get(entry["url"].text, AddressOrigin::document);
    expect_public_only(name);
    // An empty port is refused in every address that this gateway reads (Uri::parse).
    if (entry["expected"].text == "allow" && name != "url-port-empty") {
      EXPECT_TRUE(got) << name << ": " << (got ? "" : got.error().why());
    } else if (entry["expected"].text != "allow" &&
               name != "chain-rebind") {  // that one is dialled where it was checked
      EXPECT_FALSE(got) << name;
    }
  }
  EXPECT_EQ(count, 86);
}

}  // namespace
}  // namespace http

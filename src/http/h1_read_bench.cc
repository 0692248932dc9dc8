// A request of about 977 bytes of head and 300 of body: our reader with all its checks and its
// fields stored, beside llhttp with the places of the fields recorded.

#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <llhttp.h>

#include "http/h1_read.h"
#include "http/h1_write.h"

namespace {

std::string request_bytes() {
  std::string bytes =
      "POST /mcp HTTP/1.1\r\nHost: gateway.example.com:8080\r\nContent-Type: application/json\r\n"
      "Accept: application/json, text/event-stream\r\nContent-Length: 300\r\n"
      "Mcp-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: 0123456789abcdef0123456789abcdef\r\n"
      "User-Agent: example-client/1.2.3 (linux; x64)\r\nAccept-Encoding: identity\r\n"
      "Authorization: Bearer ";
  bytes += std::string(650, 't');
  bytes += "\r\n\r\n";
  return bytes + std::string(300, 'b');
}

void read_strictly(benchmark::State& state) {
  const std::string bytes = request_bytes();
  const http::ServerLimits limits;
  for (auto _ : state) {
    http::Request request;
    http::RequestReader reader(limits, request);
    std::string_view rest = bytes;
    if (reader.take(rest) != http::Progress::done) state.SkipWithError("refused");
    std::string body(rest.substr(0, reader.length()));
    benchmark::DoNotOptimize(body);
  }
}
BENCHMARK(read_strictly);

void read_by_llhttp(benchmark::State& state) {
  const std::string bytes = request_bytes();
  std::vector<std::string_view> spans;
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  const auto record = [](llhttp_t* parser, const char* at, std::size_t size) {
    static_cast<std::vector<std::string_view>*>(parser->data)->emplace_back(at, size);
    return 0;
  };
  settings.on_url = record;
  settings.on_header_field = record;
  settings.on_header_value = record;
  settings.on_body = record;
  for (auto _ : state) {
    spans.clear();
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &spans;
    if (llhttp_execute(&parser, bytes.data(), bytes.size()) != HPE_OK)
      state.SkipWithError("refused");
    benchmark::DoNotOptimize(spans.data());
  }
}
BENCHMARK(read_by_llhttp);

void write_a_response_head(benchmark::State& state) {
  http::Response response(200, "application/json", std::string(600, 'b'));
  response.headers.add("mcp-session-id", "0123456789abcdef0123456789abcdef");
  for (auto _ : state) {
    std::string out;
    out.reserve(1200);
    const auto framing = http::WriteFraming::of(response.body);
    http::append_response_head(out, response, framing, http::ConnectionSays::nothing);
    out += response.body.text();
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(write_a_response_head);

}  // namespace

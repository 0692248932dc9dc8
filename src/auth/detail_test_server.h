#pragma once
// For tests of this room: a server that gives one answer to everybody, on connections that need no
// network.

#include <memory>
#include <optional>
#include <string>

#include "base/sleep.h"
#include "http/client.h"

namespace auth {

// Takes a request and gives an answer, or says nothing.
class AnsweringStream final : public net::Stream {
 public:
  AnsweringStream(std::optional<std::string> answer, std::string& written)
      : answer_(std::move(answer)), written_(written) {}

  Task<Result<std::span<const std::byte>>> read(Deadline deadline) override {
    if (!answer_) {
      co_await sleep_until(deadline);
      co_return failed(Fault::timed_out, "silence");
    }
    if (is_read_) co_return std::span<const std::byte>();
    is_read_ = true;
    co_return std::as_bytes(std::span(answer_->data(), answer_->size()));
  }
  // All at once, as the kernel takes small requests: nobody answers sooner.
  Result<std::size_t> write_now(const net::Buffers& buffers) override {
    std::size_t put = 0;
    for (const std::string_view piece : buffers.pieces()) {
      written_ += piece;
      put += piece.size();
    }
    return put;
  }
  Task<Result<>> write(net::Buffers buffers, Deadline) override {
    for (const std::string_view piece : buffers.pieces()) written_ += piece;
    co_return Result<>();
  }
  Task<Result<>> finish(Deadline) override { co_return Result<>(); }
  bool is_quiet() const override { return false; }

 private:
  std::optional<std::string> answer_;
  std::string& written_;
  bool is_read_ = false;
};

class TestServer final : public http::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const http::Endpoint&, Deadline) override {
    ++fetches;
    if (is_down) co_return failed(Fault::unavailable, "refused");
    written.clear();
    auto said = is_silent ? std::nullopt : std::optional(answer);
    co_return std::make_unique<AnsweringStream>(std::move(said), written);
  }
  void serve(const std::string& body, const std::string& fields = "",
             const std::string& status = "200 OK") {
    answer = "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + fields +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::string answer;
  std::string written;  // to the last connection
  bool is_down = false;
  bool is_silent = false;
  int fetches = 0;
};

}  // namespace auth

#pragma once
// For tests: a target whose servers do what the test says, in process and without time of their
// own.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/signal.h"
#include "upstream/upstream.h"

namespace upstream {

class Dialog;

// What all sessions of one fake target share.
class FakeServer {
 public:
  explicit FakeServer(std::string its_name) : name(std::move(its_name)) {}

  std::string name;
  std::string greeting =
      R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{},"prompts":{},"resources":{}},)"
      R"("serverInfo":{"name":"fake","version":"1"}})";
  bool is_down = false;                        // cannot be opened, and no call can begin
  bool is_slow = false;                        // opening takes for ever
  bool is_lost = false;                        // its sessions are over for good
  std::map<std::string, std::string> results;  // by method; a value with "code" is an error
  std::vector<std::string> received;           // "method params", in order
  std::vector<std::string> answers;            // to its questions, as JSON-RPC text
  int opened = 0;
  bool is_portable = false;  // other processes may go on with its sessions
  int resumed = 0;
  int shared = 0;
  int unshared = 0;
  Signal changed;            // when is_slow is over
  Dialog* dialog = nullptr;  // of its latest session; null if there is none

  // A message of the server's, in its latest session.
  void say(const std::string& text) const;
  // The number of messages of that method.
  std::size_t count(const std::string& method) const;
};

std::shared_ptr<Target> make_fake_target(std::shared_ptr<FakeServer> server);

}  // namespace upstream

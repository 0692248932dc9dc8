#include "net/child.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/test_loop.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// Whether the process is gone, or a zombie, within five seconds.
bool ends(int pid) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.is_open()) return errno == ESRCH;
  pollfd watched{process.get(), POLLIN, 0};
  return ::poll(&watched, 1, 5000) == 1;
}

std::string children_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::string line;
  std::getline(file, line);
  return line;
}

std::string status_of(int pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(name + ':'))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

Command shell(const std::string& script) {
  Command command("sh");
  command.arguments = {"-c", script};
  command.environment = {"PATH=/usr/bin:/bin"};
  command.grace = milliseconds(50);
  return command;
}

class ChildTest : public testing::Test {
 protected:
  Deadline soon(milliseconds wait = seconds(5)) {
    loop.turn(Instant::min());
    return Deadline::in(loop.now(), wait);
  }
  Result<std::unique_ptr<Child>> try_start(Command command, ChildLimits limits = {}) {
    return run_to_end(loop, start_child(spawner, std::move(command), limits, soon()));
  }
  std::unique_ptr<Child> start(Command command, ChildLimits limits = {}) {
    auto child = try_start(std::move(command), limits);
    EXPECT_TRUE(child) << child.error().why();
    if (!child) std::abort();
    return std::move(*child);
  }
  std::string line(Child& child) {
    const auto got = run_to_end(loop, child.read_line(soon()));
    if (!got) return "error: " + got.error().why();
    return *got ? **got : "end";
  }
  std::string status(Child& child) {
    const auto got = run_to_end(loop, child.exited(soon()));
    return got ? got->text() : got.error().why();
  }
  std::string start_failure(Command command) {
    const auto child = try_start(std::move(command));
    return child ? "it runs" : child.error().why();
  }
  // Until the spawner has reaped all.
  bool has_no_children() {
    for (int i = 0; i < 1000; ++i) {
      if (children_of(spawner.pid()).empty()) return true;
      ::poll(nullptr, 0, 5);
    }
    return false;
  }

  Spawner spawner;
  Loop loop;
};

TEST_F(ChildTest, talks_by_lines) {
  const auto child = start(Command("cat"));

  ASSERT_TRUE(run_to_end(loop, child->write_line("one", soon())));
  ASSERT_TRUE(run_to_end(loop, child->write_line("two", soon())));
  EXPECT_EQ(line(*child), "one");
  EXPECT_EQ(line(*child), "two");
  child->close_input();

  EXPECT_EQ(line(*child), "end");
  EXPECT_EQ(line(*child), "end");
  EXPECT_EQ(status(*child), "exit code 0");
}

TEST_F(ChildTest, carries_a_line_of_megabytes_both_ways) {
  const auto child = start(Command("cat"));
  std::string big;
  for (int i = 0; big.size() < 4'000'000; ++i) big += std::to_string(i) + ',';

  ASSERT_TRUE(run_to_end(loop, child->write_line(big, soon())));

  EXPECT_EQ(line(*child), big);
}

TEST_F(ChildTest, gives_an_unfinished_last_line_and_drops_carriage_returns) {
  const auto child = start(shell(R"(printf 'a\r\n\nlast')"));

  EXPECT_EQ(line(*child), "a");
  EXPECT_EQ(line(*child), "");
  EXPECT_EQ(line(*child), "last");
  EXPECT_EQ(line(*child), "end");
}

TEST_F(ChildTest, loses_no_bytes_when_a_read_is_given_up) {
  const auto child = start(shell("printf half; read x; echo ' whole'"));
  ASSERT_FALSE(run_to_end(loop, child->read_line(soon(milliseconds(50)))));

  ASSERT_TRUE(run_to_end(loop, child->write_line("go", soon())));

  EXPECT_EQ(line(*child), "half whole");
}

TEST_F(ChildTest, refuses_an_overlong_line) {
  ChildLimits limits;
  limits.line_bytes_max = 10;
  const auto child = start(shell("echo 1234567890; echo 12345678901; echo x"), limits);

  EXPECT_EQ(line(*child), "1234567890");
  EXPECT_EQ(line(*child), "error: a line is longer than 10 bytes");
  EXPECT_EQ(line(*child), "error: a line is longer than 10 bytes");
}

TEST_F(ChildTest, cuts_an_overlong_line_of_standard_error) {
  ChildLimits limits;
  limits.error_line_bytes_max = 10;
  const auto child =
      start(shell("head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2; echo next >&2"), limits);

  const auto first = run_to_end(loop, child->read_error_line(soon()));
  const auto second = run_to_end(loop, child->read_error_line(soon()));

  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_EQ(**first, "xxxxxxxxxx");
  EXPECT_EQ(**second, "next");
}

TEST_F(ChildTest, gets_exactly_the_given_environment) {
  Command command("env");
  command.environment = {"B=2", "A=one two"};
  const auto child = start(command);

  EXPECT_EQ(line(*child), "B=2");
  EXPECT_EQ(line(*child), "A=one two");
  EXPECT_EQ(line(*child), "end");
}

TEST_F(ChildTest, gets_arguments_as_they_are) {
  Command command("printf");
  command.arguments = {"%s|", "$HOME", "a b", "", "*", "'\"`id`"};
  const auto child = start(command);

  EXPECT_EQ(line(*child), "$HOME|a b||*|'\"`id`|");
}

TEST_F(ChildTest, runs_in_the_given_folder_with_the_given_limits) {
  Command command = shell("pwd; ulimit -n; ulimit -c");
  command.folder = "/usr";
  command.limits.emplace_back(RLIMIT_NOFILE, 77);
  command.limits.emplace_back(RLIMIT_CORE, 0);
  const auto child = start(command);

  EXPECT_EQ(line(*child), "/usr");
  EXPECT_EQ(line(*child), "77");
  EXPECT_EQ(line(*child), "0");
}

TEST_F(ChildTest, has_a_session_three_descriptors_and_no_inherited_signal_state) {
  const auto child = start(Command("cat"));
  ASSERT_TRUE(run_to_end(loop, child->write_line("up", soon())));
  ASSERT_EQ(line(*child), "up");
  const int pid = child->pid();

  EXPECT_EQ(::getsid(pid), pid);
  EXPECT_EQ(::getpgid(pid), pid);
  EXPECT_EQ(status_of(pid, "NoNewPrivs"), "1");
  EXPECT_EQ(status_of(pid, "SigBlk"), "0000000000000000");
  EXPECT_EQ(status_of(pid, "SigIgn"), "0000000000000000");
  std::vector<std::string> descriptors;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    descriptors.push_back(entry.path().filename());
  }
  EXPECT_THAT(descriptors, testing::UnorderedElementsAre("0", "1", "2"));
}

TEST_F(ChildTest, looks_in_the_path_of_the_childs_environment) {
  const fs::path folder = fs::temp_directory_path() / ("agw-path-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  std::ofstream(folder / "agw-here") << "#!/bin/sh\necho found\n";
  std::ofstream(folder / "agw-shut") << "#!/bin/sh\n";
  fs::permissions(folder / "agw-here", fs::perms::owner_all);
  Command command("agw-here");
  EXPECT_EQ(start_failure(command),
            "cannot run \"agw-here\": not found in the PATH of its environment");
  command.environment = {"PATH=::/nowhere:" + folder.string() + ":/usr/bin"};
  {
    const auto child = start(command);
    EXPECT_EQ(line(*child), "found");
  }
  command.program = "agw-shut";
  EXPECT_EQ(start_failure(command), "cannot run \"agw-shut\": Permission denied");
  fs::remove_all(folder);
}

TEST_F(ChildTest, says_why_it_could_not_be_started) {
  EXPECT_EQ(start_failure(Command("/no/such/program")),
            "cannot run \"/no/such/program\": No such file or directory");
  EXPECT_EQ(start_failure(Command("/etc")), "cannot run \"/etc\": Permission denied");
  Command nowhere("cat");
  nowhere.folder = "/no/such/folder";
  EXPECT_EQ(start_failure(nowhere),
            "cannot enter the folder \"/no/such/folder\": No such file or directory");
  Command odd("cat");
  odd.arguments = {std::string("a\0b", 3)};
  EXPECT_EQ(start_failure(odd), "the command has a zero byte in it");
  Command big("cat");
  big.arguments = {std::string(200'000, 'x')};
  EXPECT_THAT(start_failure(big), HasSubstr("longer than 128 KiB"));
  EXPECT_TRUE(has_no_children());
}

TEST_F(ChildTest, tells_how_it_ended) {
  EXPECT_EQ(status(*start(shell("exit 3"))), "exit code 3");
  EXPECT_EQ(status(*start(shell("kill -SEGV $$"))), "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(status(*start(shell("kill -KILL $$"))), "killed by signal 9 (SIGKILL)");
}

TEST_F(ChildTest, ends_when_its_input_ends) {
  const auto child = start(Command("cat"));

  run_to_end(loop, child->end(seconds(5)));

  ASSERT_TRUE(child->status());
  EXPECT_EQ(child->status()->text(), "exit code 0");
}

TEST_F(ChildTest, is_terminated_when_it_ignores_the_end_of_its_input) {
  const auto child = start(shell("trap 'echo bye; exit 7' TERM; echo up; sleep 1000 & wait"));
  ASSERT_EQ(line(*child), "up");

  run_to_end(loop, child->end(milliseconds(100)));

  EXPECT_EQ(line(*child), "bye");
  EXPECT_EQ(child->status()->text(), "exit code 7");
}

TEST_F(ChildTest, is_killed_when_it_ignores_that_as_well) {
  const auto child = start(shell("trap '' TERM; echo up; while :; do sleep 1000; done"));
  ASSERT_EQ(line(*child), "up");

  run_to_end(loop, child->end(milliseconds(30)));

  EXPECT_EQ(child->status()->text(), "killed by signal 9 (SIGKILL)");
}

TEST_F(ChildTest, takes_its_whole_group_with_it) {
  const auto child = start(shell("sleep 1000 & echo $!; exit 0"));
  const int grandchild = std::stoi(line(*child));

  EXPECT_EQ(status(*child), "exit code 0");

  EXPECT_TRUE(ends(grandchild));
  EXPECT_TRUE(has_no_children());
}

TEST_F(ChildTest, is_ended_with_its_group_when_the_object_is_destroyed) {
  const std::string scripts[] = {
      "sleep 1000 & echo $!; wait",
      "trap '' TERM; sleep 1000 & echo $!; while :; do wait; done",
      "sleep 1000 & echo $!; kill -STOP $$",
  };
  for (const std::string& script : scripts) {
    auto child = start(shell(script));
    const int grandchild = std::stoi(line(*child));
    const int pid = child->pid();

    child.reset();

    EXPECT_TRUE(ends(pid)) << script;
    EXPECT_TRUE(ends(grandchild)) << script;
  }
  EXPECT_TRUE(has_no_children());
}

TEST_F(ChildTest, leaves_no_zombie_and_no_descriptor) {
  start(Command("cat")).reset();
  const std::size_t before = open_descriptors();
  const std::size_t spawners_before = [&] {
    EXPECT_TRUE(has_no_children());
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/" + std::to_string(spawner.pid()) + "/fd"),
                      fs::directory_iterator()));
  }();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(status(*start(shell("exit 0"))), "exit code 0");
    EXPECT_THAT(start_failure(Command("/no/such/program")), HasSubstr("No such file"));
    start(Command("cat")).reset();
  }

  EXPECT_TRUE(has_no_children());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(static_cast<std::size_t>(std::distance(
                fs::directory_iterator("/proc/" + std::to_string(spawner.pid()) + "/fd"),
                fs::directory_iterator())),
            spawners_before);
}

TEST_F(ChildTest, makes_writers_wait_when_it_does_not_read) {
  ChildLimits limits;
  limits.queued_bytes_max = 300'000;
  const auto child = start(shell("read go </dev/null; sleep 1000"), limits);
  Result<> put;
  for (int i = 0; i < 10 && put; ++i) {
    put = run_to_end(loop, child->write_line(std::string(100'000, 'x'), soon(milliseconds(50))));
  }

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().fault(), Fault::timed_out);
}

TEST_F(ChildTest, never_gets_half_a_line_from_a_cancelled_writer) {
  const auto child = start(shell("echo up; read go </dev/null; cat"));
  ASSERT_EQ(line(*child), "up");
  const std::string big(1'000'000, 'x');
  {
    auto writing = child->write_line(big, soon());
    writing.start(loop, std::noop_coroutine());
    loop.turn(loop.now());
  }
  ASSERT_TRUE(run_to_end(loop, child->write_line("next", soon())));

  EXPECT_EQ(line(*child), big);
  EXPECT_EQ(line(*child), "next");
}

TEST_F(ChildTest, refuses_to_be_written_to_after_its_end) {
  const auto child = start(shell("exit 0"));
  EXPECT_EQ(status(*child), "exit code 0");
  Result<> put;
  for (int i = 0; i < 10 && put; ++i) {
    put = run_to_end(loop, child->write_line("x", soon()));
    loop.turn(loop.now());
  }

  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().fault(), Fault::unavailable);
  EXPECT_EQ(run_to_end(loop, child->write_line("a\nb", soon())).error().fault(),
            Fault::bad_request);
}

TEST_F(ChildTest, is_gone_and_cannot_be_started_when_the_spawner_was_killed) {
  const auto child = start(shell("sleep 1000 & echo $!; wait"));
  const int grandchild = std::stoi(line(*child));

  ASSERT_EQ(::kill(spawner.pid(), SIGKILL), 0);

  EXPECT_EQ(status(*child), "the process that starts children has ended");
  EXPECT_TRUE(ends(child->pid()));
  EXPECT_TRUE(ends(grandchild));
  EXPECT_THAT(start_failure(Command("cat")), HasSubstr("the process that starts children"));
}

// A gateway in a process of its own, which tells `to` the processes it has started, then waits.
[[noreturn]] void be_a_gateway(int to) {
  const Spawner spawner;
  Loop loop;
  Command command = shell("trap '' TERM; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait");
  auto child = run_to_end(loop, start_child(spawner, command, ChildLimits(), Deadline::never()));
  if (!child) ::_exit(1);
  int pids[4] = {spawner.pid(), (*child)->pid(), 0, 0};
  for (int i = 2; i < 4; ++i) {
    auto got = run_to_end(loop, (*child)->read_line(Deadline::never()));
    if (!got || !*got) ::_exit(1);
    pids[i] = std::stoi(**got);
  }
  [[maybe_unused]] const ssize_t written = ::write(to, pids, sizeof pids);
  ::pause();
  ::_exit(1);
}

TEST(Spawner, kills_everything_when_the_gateway_is_killed) {
  int ends_of_pipe[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends_of_pipe, O_CLOEXEC), 0);
  const Fd read_end(ends_of_pipe[0]);
  Fd write_end(ends_of_pipe[1]);
  const pid_t gateway = ::fork();
  ASSERT_GE(gateway, 0);
  if (gateway == 0) be_a_gateway(write_end.get());
  write_end.reset();
  int pids[4] = {};
  ASSERT_EQ(::read(read_end.get(), pids, sizeof pids), static_cast<ssize_t>(sizeof pids));

  ASSERT_EQ(::kill(gateway, SIGKILL), 0);

  for (const int pid : pids) EXPECT_TRUE(ends(pid)) << pid;
  int status = 0;
  EXPECT_EQ(::waitpid(gateway, &status, 0), gateway);
}

}  // namespace
}  // namespace net

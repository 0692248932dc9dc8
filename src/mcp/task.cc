#include "mcp/task.h"

#include <algorithm>
#include <set>

#include "json/write.h"

namespace mcp {
namespace {

bool has(json::Value object, std::string_view member) {
  const auto found = object.find(member);
  return found && found->is_object();
}

// The object anew; `write` says whether it wrote (or left out) that member by itself.
template <class Write>
std::string rewritten(json::Value object, Write write) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : object.members()) {
    if (!write(member, out)) out.name(member.name).value(member.value);
  }
  return out.end_object().take();
}

std::string renamed_object(json::Value object, const TaskRenaming& rename) {
  return rewritten(object, [&](const json::Member& member, json::Writer& out) {
    if (member.name != "taskId") return false;
    const auto renamed = rename(member.value.as_string().value_or(""));
    if (renamed) out.name("taskId").string(*renamed);
    return true;
  });
}

std::string renamed_list(json::Value tasks, const TaskRenaming& rename) {
  json::Writer out;
  out.begin_array();
  std::set<std::string_view> seen;
  for (const json::Value task : tasks.elements()) {
    const auto id = task.find_string("taskId");
    if (id && rename(*id) && seen.insert(*id).second) out.raw(renamed_object(task, rename));
  }
  return out.end_array().take();
}

std::string renamed_meta(json::Value meta, const TaskRenaming& rename) {
  return rewritten(meta, [&](const json::Member& member, json::Writer& out) {
    if (member.name != related_task_member) return false;
    const auto renamed = rename(member.value.find_string("taskId").value_or(""));
    if (renamed) out.name(member.name).raw(related_task_text(*renamed));
    return true;
  });
}

constexpr std::size_t words_bytes_max = 64 << 10;
constexpr int mentions_max = 16;
// Shorter ids could stand in any word.
constexpr std::size_t id_bytes_min = 4;

bool is_of_a_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_digit = byte >= '0' && byte <= '9';
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  return is_digit || is_letter || byte == '_' || byte == '-' || byte >= 0x80;
}

bool is_word(std::string_view text, std::size_t at, std::size_t size) {
  const bool is_first = at == 0 || !is_of_a_word(text[at - 1]);
  return is_first && (at + size == text.size() || !is_of_a_word(text[at + size]));
}

std::size_t next_mention(std::string_view text, std::string_view id, std::size_t from) {
  std::size_t at = text.find(id, from);
  while (at != std::string_view::npos && id.size() < id_bytes_min && !is_word(text, at, id.size()))
    at = text.find(id, at + 1);
  return at;
}

// Looks for the mentions of tasks in one error, in one pass over each text: what stands in for one
// is not looked at again.
class Mentions {
 public:
  explicit Mentions(const std::vector<TaskAlias>& tasks) {
    for (const TaskAlias& task : tasks) {
      const std::string_view own(task.own);
      add(own, task.said);
      if (const std::size_t plus = own.find('+'); plus != std::string_view::npos) {
        add(own.substr(plus + 1), task.said);
      }
    }
    // Of those that begin at one place the longest counts.
    std::sort(names_.begin(), names_.end(),
              [](const Name& a, const Name& b) { return a.id.size() > b.id.size(); });
  }

  bool are_too_many() const { return count_ > mentions_max; }

  std::string renamed(std::string_view text) {
    for (Name& name : names_) name.at = next_mention(text, name.id, 0);
    std::string out;
    std::size_t from = 0;
    for (const Name* name = first(); name != nullptr; name = first()) {
      if (++count_ > mentions_max) return {};
      out.append(text.substr(from, name->at - from)).append(name->said);
      from = name->at + name->id.size();
      for (Name& other : names_) {
        if (other.at < from) other.at = next_mention(text, other.id, from);
      }
    }
    return out.append(text.substr(from));
  }

  void write(json::Value value, json::Writer& out) {
    if (value.is_object()) {
      out.begin_object();
      for (const json::Member member : value.members()) {
        out.name(renamed(member.name));
        if (member.name == "url") {
          out.value(member.value);
        } else {
          write(member.value, out);
        }
      }
      out.end_object();
    } else if (value.is_array()) {
      out.begin_array();
      for (const json::Value element : value.elements()) write(element, out);
      out.end_array();
    } else if (value.is_string()) {
      out.string(renamed(*value.as_string()));
    } else {
      out.value(value);
    }
  }

 private:
  struct Name {
    std::string_view id;
    std::string_view said;
    std::size_t at;  // of the next mention
  };

  void add(std::string_view id, std::string_view said) {
    if (!id.empty()) names_.push_back(Name{id, said, 0});
  }
  const Name* first() const {
    const auto found = std::min_element(names_.begin(), names_.end(),
                                        [](const Name& a, const Name& b) { return a.at < b.at; });
    return found == names_.end() || found->at == std::string_view::npos ? nullptr : &*found;
  }

  std::vector<Name> names_;
  int count_ = 0;
};

}  // namespace

std::string TaskOffer::text() const {
  json::Writer out;
  out.begin_object();
  if (lists) out.name("list").raw("{}");
  if (cancels) out.name("cancel").raw("{}");
  if (calls) out.name("requests").raw(R"({"tools":{"call":{}}})");
  return out.end_object().take();
}

TaskOffer task_offer(json::Value initialize_result) {
  const json::Value none;
  const json::Value capabilities = initialize_result.find("capabilities").value_or(none);
  const json::Value tasks = capabilities.find("tasks").value_or(none);
  const json::Value requests = tasks.find("requests").value_or(none);
  TaskOffer offer;
  offer.calls = has(requests.find("tools").value_or(none), "call");
  offer.lists = offer.calls && has(tasks, "list");
  offer.cancels = offer.calls && has(tasks, "cancel");
  return offer;
}

std::optional<std::string_view> task_made(json::Value result) {
  const auto task = result.find("task");
  return task ? task->find_string("taskId") : std::nullopt;
}

std::optional<std::string_view> related_task(json::Value object) {
  const auto meta = object.find("_meta");
  const auto related = meta ? meta->find(related_task_member) : std::nullopt;
  return related ? related->find_string("taskId") : std::nullopt;
}

std::string related_task_text(std::string_view id) {
  json::Writer out;
  return out.begin_object().name("taskId").string(id).end_object().take();
}

std::string renamed_tasks(json::Value result, const TaskRenaming& rename) {
  return rewritten(result, [&](const json::Member& member, json::Writer& out) {
    if (member.name == "task" && member.value.is_object()) {
      out.name("task").raw(renamed_object(member.value, rename));
    } else if (member.name == "tasks" && member.value.is_array()) {
      out.name("tasks").raw(renamed_list(member.value, rename));
    } else if (member.name == "_meta" && member.value.is_object()) {
      out.name("_meta").raw(renamed_meta(member.value, rename));
    } else if (member.name == "taskId") {
      const auto renamed = rename(member.value.as_string().value_or(""));
      if (renamed) out.name("taskId").string(*renamed);
    } else {
      return false;
    }
    return true;
  });
}

std::string renamed_task_page(json::Value result, const TaskRenaming& rename,
                              std::string_view next_cursor) {
  return rewritten(result, [&](const json::Member& member, json::Writer& out) {
    if (member.name == "tasks" && member.value.is_array()) {
      out.name("tasks").raw(renamed_list(member.value, rename));
    } else if (member.name == "_meta" && member.value.is_object()) {
      out.name("_meta").raw(renamed_meta(member.value, rename));
    } else if (member.name == "nextCursor") {
      if (member.value.is_string()) out.name("nextCursor").string(next_cursor);
    } else {
      return false;
    }
    return true;
  });
}

std::string renamed_related_task(json::Value result, const TaskRenaming& rename) {
  return rewritten(result, [&](const json::Member& member, json::Writer& out) {
    const bool is_meta = member.name == "_meta" && member.value.is_object();
    if (is_meta) out.name("_meta").raw(renamed_meta(member.value, rename));
    return is_meta;
  });
}

ErrorWords renamed_words(json::Value error, const std::vector<TaskAlias>& tasks) {
  Mentions mentions(tasks);
  ErrorWords words;
  bool is_fit = error.raw().size() <= words_bytes_max;
  if (is_fit) {
    words.message = mentions.renamed(error.find_string("message").value_or(""));
    if (const auto data = error.find("data")) {
      json::Writer out;
      mentions.write(*data, out);
      words.data = out.take();
    }
    is_fit = !mentions.are_too_many();
  }
  if (is_fit) return words;
  return ErrorWords{"The server refused it, with too many words", {}};
}

std::string with_related_task(json::Value result, std::string_view related) {
  json::Writer meta;
  meta.begin_object();
  const json::Value said = result.find("_meta").value_or(json::Value());
  for (const json::Member member : said.members()) {
    if (member.name != related_task_member) meta.name(member.name).value(member.value);
  }
  if (!related.empty()) meta.name(related_task_member).raw(related);
  meta.end_object();
  json::Writer out;
  out.begin_object();
  for (const json::Member member : result.members()) {
    if (member.name != "_meta") out.name(member.name).value(member.value);
  }
  out.name("_meta").raw(meta.take());
  return out.end_object().take();
}

bool says_executions(json::Value result) {
  return result.raw().find("\"execution\"") != std::string_view::npos;
}

std::string with_executions(json::Value result, bool may_be_tasks) {
  return rewritten_list(result, "tools", [&](json::Value tool) -> std::optional<std::string> {
    return rewritten(tool, [&](const json::Member& member, json::Writer& out) {
      if (member.name != "execution") return false;
      const bool is_required = member.value.find_string("taskSupport") == "required";
      if (!may_be_tasks) return true;
      if (!is_required) return false;
      out.name("execution").raw(R"({"taskSupport":"optional"})");
      return true;
    });
  });
}

}  // namespace mcp

#include "cel/attributes.h"

namespace cel {
namespace {

// The name of a field that stands directly below the record; empty if the path does not.
std::string_view field_below(std::string_view path, std::string_view record) {
  if (path.size() <= record.size() + 1 || !path.starts_with(record) || path[record.size()] != '.') {
    return {};
  }
  path.remove_prefix(record.size() + 1);
  return path.find('.') == std::string_view::npos ? path : std::string_view();
}

}  // namespace

std::optional<AttributeIndex> find_attribute(AttributeTable table, std::string_view path) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].path == path) return static_cast<AttributeIndex>(i);
  }
  return std::nullopt;
}

std::size_t RecordView::size() const {
  Arena scratch;
  Cursor cursor;
  Entry entry;
  std::size_t size = 0;
  while (next(cursor, scratch, entry)) ++size;
  return size;
}

std::optional<Value> RecordView::find_field(std::string_view name, Arena& arena) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (field_below(table_[i].path, table_[record_].path) != name || name.empty()) continue;
    const Value value = get_attribute(table_, static_cast<AttributeIndex>(i), source_, arena);
    if (value.is_error()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

bool RecordView::next(Cursor& cursor, Arena& arena, Entry& entry) const {
  while (cursor.index < table_.size()) {
    const std::size_t i = cursor.index++;
    const std::string_view field = field_below(table_[i].path, table_[record_].path);
    if (field.empty()) continue;
    const Value value = get_attribute(table_, static_cast<AttributeIndex>(i), source_, arena);
    if (value.is_error()) continue;
    entry = {Value::of_string(field), value};
    return true;
  }
  return false;
}

// Records are nested as deep as the host's table says.
Value get_attribute(AttributeTable table, AttributeIndex index, const AttributeSource& source,
                    Arena& arena) {
  if (table[index].record != Record::closed) return source.get(index, arena);
  const RecordView* view = arena.make<RecordView>(table, index, source);
  if (view == nullptr) return Value::error(ErrorCode::out_of_memory, "memory limit exceeded");
  Cursor cursor;
  Entry entry;
  if (!view->next(cursor, arena, entry)) {
    return Value::error(ErrorCode::no_such_key, table[index].path);
  }
  return Value::of_map(view);
}

}  // namespace cel

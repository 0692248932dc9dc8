#include "cel/detail_operations.h"

namespace cel {
namespace {

// The elements of a list, or the entries of a map, as a macro's variables see them: one variable is
// an element or a key; two are index and element, or key and value.
class Elements {
 public:
  Elements(const Op& op, const Value& range, Context& context)
      : op_(op), range_(range), context_(context) {}

  static bool can_walk(const Value& range) { return range.is(Kind::list) || range.is(Kind::map); }

  // Binds the macro's locals to the next element and pays for its round. False at the end and when
  // the budget is exhausted.
  bool next(const Op& body) {
    Arena& arena = context_.evaluation().arena();
    if (range_.is(Kind::list)) {
      if (!range_.as_list().next(cursor_, arena, entry_.value)) return false;
      entry_.key = Value::of_int(static_cast<std::int64_t>(index_++));
    } else if (!range_.as_map().next(cursor_, arena, entry_)) {
      return false;
    }
    if (op_.has_two) {
      context_.local(op_.number) = entry_.key;
      context_.local(op_.number + 1) = entry_.value;
    } else {
      context_.local(op_.number) = range_.is(Kind::list) ? entry_.value : entry_.key;
    }
    return context_.evaluation().spend(body.skip);
  }
  const Entry& entry() const { return entry_; }
  // What a single variable is bound to.
  const Value& element() const { return range_.is(Kind::list) ? entry_.value : entry_.key; }
  std::size_t size() const {
    return range_.is(Kind::list) ? range_.as_list().size() : range_.as_map().size();
  }

 private:
  const Op& op_;
  const Value& range_;
  Context& context_;
  Cursor cursor_;
  Entry entry_;
  std::size_t index_ = 0;
};

Value aborted(Context& context) {
  Evaluation& evaluation = context.evaluation();
  return evaluation.arena().is_full() ? evaluation.out_of_memory() : evaluation.out_of_fuel();
}

Value wrong_range() {
  return Value::error(ErrorCode::no_such_overload, "comprehension range");
}

// The range of a macro; an error if it cannot be walked.
Value range_of(const Op& op, Context& context) {
  const Value range = op.first()->value(*op.first(), context);
  return range.is_error() || Elements::can_walk(range) ? range : wrong_range();
}

template <Truth deciding>
Truth quantifier(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return context.fail(range);
  const Op& predicate = *op.first()->next();
  bool has_failed = false;
  Value error;
  Elements elements(op, range, context);
  while (elements.next(predicate)) {
    const Truth truth = predicate.test(predicate, context);
    if (context.evaluation().is_aborted()) break;
    if (truth == deciding) return deciding;
    if (truth == Truth::error && !has_failed) {
      has_failed = true;
      error = context.error();
    }
  }
  if (context.evaluation().is_aborted()) return context.fail(aborted(context));
  return has_failed ? context.fail(error) : opposite(deciding);
}

// The filter of a transform with three children says whether an element is taken.
Truth takes(const Op& op, Context& context) {
  if (op.count != 3) return Truth::yes;
  const Op& filter = *op.first()->next();
  return filter.test(filter, context);
}

// The last child of a transform.
const Op& transform_of(const Op& op) {
  const Op* second = op.first()->next();
  return op.count == 3 ? *second->next() : *second;
}

// A map or list under construction: as many places as the range has elements.
template <class T>
struct Growing {
  Growing(Context& context, std::size_t count)
      : capacity(count),
        places(static_cast<T*>(
            context.evaluation().arena().allocate(count * sizeof(T) + 1, alignof(T)))) {}
  bool add(const T& item) {
    if (size >= capacity) return false;
    places[size++] = item;
    return true;
  }
  std::size_t capacity;
  T* places;
  std::size_t size = 0;
};

// Entries that a macro computes: stops with `error` set when one fails.
template <class Visit>
Value build_map(const Op& op, Context& context, const Value& range, const Op& body, Visit visit) {
  Elements elements(op, range, context);
  Growing<Entry> entries(context, elements.size());
  if (entries.places == nullptr) return context.evaluation().out_of_memory();
  while (elements.next(body)) {
    const Value error = visit(elements, entries);
    if (error.is_error()) return error;
  }
  if (context.evaluation().is_aborted()) return aborted(context);
  return context.evaluation().map(entries.places, entries.size);
}

Value insert_all(const Value& from, std::vector<Entry>& into, Context& context) {
  if (from.is_error()) return from;
  if (!from.is(Kind::map)) return Value::error(ErrorCode::no_such_overload, "transformMapEntry");
  Entry entry;
  Cursor cursor;
  Evaluation& evaluation = context.evaluation();
  while (from.as_map().next(cursor, evaluation.arena(), entry)) {
    for (const Entry& present : into) {
      if (equal(present.key, entry.key, evaluation)) {
        return Value::error(ErrorCode::duplicate_key, "transformMapEntry");
      }
    }
    if (!evaluation.spend(1 + into.size() / 32)) return aborted(context);
    into.push_back(entry);
  }
  return Value::null();
}

}  // namespace

Truth test_all(const Op& op, Context& context) {
  return quantifier<Truth::no>(op, context);
}

Truth test_exists(const Op& op, Context& context) {
  return quantifier<Truth::yes>(op, context);
}

Truth test_exists_one(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return context.fail(range);
  const Op& predicate = *op.first()->next();
  std::size_t found = 0;
  Elements elements(op, range, context);
  while (elements.next(predicate)) {
    const Truth truth = predicate.test(predicate, context);
    if (truth == Truth::error) return truth;
    if (truth == Truth::yes) ++found;
  }
  if (context.evaluation().is_aborted()) return context.fail(aborted(context));
  return truth_of(found == 1);
}

Value value_filter(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return range;
  const Op& predicate = *op.first()->next();
  Elements elements(op, range, context);
  Growing<Value> kept(context, elements.size());
  if (kept.places == nullptr) return context.evaluation().out_of_memory();
  while (elements.next(predicate)) {
    const Truth truth = predicate.test(predicate, context);
    if (truth == Truth::error) return context.error();
    if (truth == Truth::yes && !kept.add(elements.element())) break;
  }
  if (context.evaluation().is_aborted()) return aborted(context);
  return context.evaluation().list(kept.places, kept.size);
}

Value value_map_each(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return range;
  const Op& transform = transform_of(op);
  Elements elements(op, range, context);
  Growing<Value> results(context, elements.size());
  if (results.places == nullptr) return context.evaluation().out_of_memory();
  while (elements.next(transform)) {
    const Truth taken = takes(op, context);
    if (taken == Truth::error) return context.error();
    if (taken == Truth::no) continue;
    const Value value = transform.value(transform, context);
    if (value.is_error()) return value;
    if (!results.add(value)) break;
  }
  if (context.evaluation().is_aborted()) return aborted(context);
  return context.evaluation().list(results.places, results.size);
}

Value value_transform_map(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return range;
  const Op& transform = transform_of(op);
  return build_map(op, context, range, transform,
                   [&](const Elements& elements, Growing<Entry>& entries) {
                     const Truth taken = takes(op, context);
                     if (taken == Truth::error) return context.error();
                     if (taken == Truth::no) return Value::null();
                     const Value value = transform.value(transform, context);
                     if (!value.is_error()) entries.add(Entry{elements.entry().key, value});
                     return value;
                   });
}

Value value_transform_entry(const Op& op, Context& context) {
  const Value range = range_of(op, context);
  if (range.is_error()) return range;
  const Op& transform = transform_of(op);
  std::vector<Entry> gathered;
  Elements elements(op, range, context);
  while (elements.next(transform)) {
    const Truth taken = takes(op, context);
    if (taken == Truth::error) return context.error();
    if (taken == Truth::no) continue;
    const Value inserted = insert_all(transform.value(transform, context), gathered, context);
    if (inserted.is_error()) return inserted;
  }
  if (context.evaluation().is_aborted()) return aborted(context);
  Growing<Entry> copy(context, gathered.size());
  if (copy.places == nullptr) return context.evaluation().out_of_memory();
  for (const Entry& entry : gathered) copy.add(entry);
  return context.evaluation().map(copy.places, copy.size);
}

Value value_map_values(const Op& op, Context& context) {
  const Value range = op.first()->value(*op.first(), context);
  if (range.is_error()) return range;
  if (!range.is(Kind::map)) return wrong_range();
  const Op& transform = *op.first()->next();
  return build_map(op, context, range, transform,
                   [&](const Elements& elements, Growing<Entry>& entries) {
                     context.local(op.number) = elements.entry().value;
                     const Value value = transform.value(transform, context);
                     if (!value.is_error()) entries.add(Entry{elements.entry().key, value});
                     return value;
                   });
}

Value value_filter_keys(const Op& op, Context& context) {
  const Value range = op.first()->value(*op.first(), context);
  if (range.is_error()) return range;
  if (!range.is(Kind::map)) return wrong_range();
  const Op& predicate = *op.first()->next();
  return build_map(op, context, range, predicate,
                   [&](const Elements& elements, Growing<Entry>& entries) {
                     const Truth truth = predicate.test(predicate, context);
                     if (truth == Truth::error) return context.error();
                     if (truth == Truth::yes) entries.add(elements.entry());
                     return Value::null();
                   });
}

Value value_bind(const Op& op, Context& context) {
  context.local(op.number) = postponed_value();
  const Op& body = *op.first()->next();
  return body.value(body, context);
}

Truth test_bind(const Op& op, Context& context) {
  context.local(op.number) = postponed_value();
  const Op& body = *op.first()->next();
  return body.test(body, context);
}

Value value_block(const Op& op, Context& context) {
  const Op* child = op.first();
  for (std::uint32_t i = 0; i + 1U < op.count; ++i, child = child->next()) {
    context.local(op.number + i) = postponed_value();
  }
  return child->value(*child, context);
}

Value value_optional_map(const Op& op, Context& context) {
  const Value operand = op.first()->value(*op.first(), context);
  if (operand.is_error()) return operand;
  if (!operand.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "optMap");
  if (operand.as_optional() == nullptr) return operand;
  context.local(op.number) = *operand.as_optional();
  const Op& body = *op.first()->next();
  const Value result = body.value(body, context);
  if (result.is_error()) return result;
  if (!op.has_two) return context.evaluation().some(result);
  if (!result.is(Kind::optional)) return Value::error(ErrorCode::no_such_overload, "optFlatMap");
  return result;
}

}  // namespace cel

#pragma once
// JSON documents as values, and values as JSON. A document is not copied: objects and arrays become
// views, so the document must live as long as the value. Integral numbers without fraction or
// exponent are int (uint above the range of int), all others double; everywhere alike.

#include <string>

#include "base/result.h"
#include "cel/evaluation.h"
#include "cel/value.h"
#include "json/value.h"
#include "json/write.h"

namespace cel {

// The view of an array or object is made in `arena` (32 bytes); out_of_memory if it is full.
Value from_json(json::Value value, Arena& arena);

// Writes what has a JSON form: bytes as base64, timestamps and durations as their texts, ip and
// cidr as text, an optional as its value or null, map keys as text; numbers that are not finite as
// null. Fault::bad_request for an error or a type; nested deeper than 128 is one, too.
Result<> to_json(const Value& value, Arena& arena, json::Writer& writer);
Result<std::string> to_json(const Value& value, Arena& arena);

// An expression that gives the value, for people and explanations: `[1, 2u, b"\x00", "a"]`. At most
// `size_max` bytes, then "...".
std::string to_text(const Value& value, Arena& arena, std::size_t size_max = 200);
// What an error says: `no such key: sub`, `division by zero`.
std::string error_text(const Value& error);

}  // namespace cel

#pragma once
// Result<T>: a value or the Error that kept it from being made. Exceptions mean a bug or no memory.
//
//   TRY(auto keys, read_keys(text));           // evaluate, return the error, else bind
//   TRY(check(keys));                          // the same for a Result<>
//   CO_TRY(auto reply, co_await call(request)) // in coroutines: co_return the error
//
// The bound expression is moved out of the temporary. An expression with a comma outside
// parentheses (a template argument list) must be put in parentheses.

#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

template <class T = void>
using Result = tl::expected<T, Error>;

// The failed side of a Result.
inline tl::unexpected<Error> failed(Fault fault, std::string why) {
  return tl::unexpected<Error>(Error(fault, std::move(why)));
}

#define TRY_JOIN_(a, b) a##b
#define TRY_NAME_(line) TRY_JOIN_(try_result_, line)
#define TRY_PICK_(_1, _2, name, ...) name

#define TRY_VOID_(expression)                                                     \
  do {                                                                            \
    auto try_result = (expression);                                               \
    if (!try_result) return tl::unexpected<Error>(std::move(try_result).error()); \
  } while (false)
#define TRY_BIND_(declaration, expression)                                                        \
  auto TRY_NAME_(__LINE__) = (expression);                                                        \
  if (!TRY_NAME_(__LINE__)) return tl::unexpected<Error>(std::move(TRY_NAME_(__LINE__)).error()); \
  declaration = std::move(*TRY_NAME_(__LINE__))
#define CO_TRY_VOID_(expression)                                                     \
  do {                                                                               \
    auto try_result = (expression);                                                  \
    if (!try_result) co_return tl::unexpected<Error>(std::move(try_result).error()); \
  } while (false)
#define CO_TRY_BIND_(declaration, expression)                                \
  auto TRY_NAME_(__LINE__) = (expression);                                   \
  if (!TRY_NAME_(__LINE__))                                                  \
    co_return tl::unexpected<Error>(std::move(TRY_NAME_(__LINE__)).error()); \
  declaration = std::move(*TRY_NAME_(__LINE__))

#define TRY(...) TRY_PICK_(__VA_ARGS__, TRY_BIND_, TRY_VOID_, )(__VA_ARGS__)
#define CO_TRY(...) TRY_PICK_(__VA_ARGS__, CO_TRY_BIND_, CO_TRY_VOID_, )(__VA_ARGS__)

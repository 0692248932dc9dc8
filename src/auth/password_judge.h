#pragma once
// Compares passwords with their hashes, which takes long on purpose: not on the loop that serves.

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "crypto/password.h"

namespace auth {

class PasswordJudge {
 public:
  // Whether the password is the one of the hash. Fault::too_many if so many wait already that
  // another one would wait too long.
  virtual Task<Result<bool>> matches(crypto::PasswordHash hash, std::string password) = 0;

 protected:
  PasswordJudge() = default;
  PasswordJudge(const PasswordJudge&) = default;
  PasswordJudge& operator=(const PasswordJudge&) = default;
  ~PasswordJudge() = default;
};

}  // namespace auth

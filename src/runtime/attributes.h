#pragma once
// The variables that rules may use: one table with names, types, phases and words for people, and
// the source that takes their values from an exchange. The names are agentgateway's.

#include <string>

#include "cel/attributes.h"
#include "cel/header_view.h"
#include "policy/exchange.h"

namespace runtime {

// Lives as long as the program.
cel::AttributeTable attribute_table();

// The table as Markdown, for docs/reference.
std::string attributes_markdown();

// One exchange as rules see it. The exchange must outlive it.
class Attributes final : public cel::AttributeSource {
 public:
  explicit Attributes(const policy::Exchange& exchange) : exchange_(exchange), headers_(exchange) {}

  cel::Value get(cel::AttributeIndex index, cel::Arena& arena) const override;

 private:
  class RequestHeaders final : public cel::HeaderSource {
   public:
    explicit RequestHeaders(const policy::Exchange& exchange) : exchange_(exchange) {}
    std::size_t size() const override { return exchange_.request().headers.size(); }
    std::pair<std::string_view, std::string_view> at(std::size_t index) const override {
      const http::Field field = exchange_.request().headers.at(index);
      return {field.name, field.value};
    }

   private:
    const policy::Exchange& exchange_;
  };

  const policy::Exchange& exchange_;
  RequestHeaders headers_;
};

}  // namespace runtime

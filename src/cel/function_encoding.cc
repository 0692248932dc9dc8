// JSON, base64, URLs, and the payload of a token that nobody has verified.

#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "cel/convert.h"
#include "cel/detail_library.h"

namespace cel {
namespace {

Value parsed_json(Evaluation& evaluation, std::string_view text) {
  if (!evaluation.spend(text.size() / 8)) return evaluation.out_of_fuel();
  auto document = json::Document::parse(std::string(text));
  if (!document) return bad_argument(evaluation, "json() of text that is not JSON");
  const auto kept = std::make_shared<json::Document>(std::move(*document));
  // The document and its table take a few times the text.
  if (!evaluation.arena().own(kept, text.size() * 4)) return evaluation.out_of_memory();
  return from_json(kept->root(), evaluation.arena());
}

Value json_of(Evaluation& evaluation, Arguments arguments) {
  return parsed_json(evaluation, arguments[0].text());
}

Value json_field(Evaluation& evaluation, Arguments arguments) {
  return select_field(json_of(evaluation, arguments), arguments[1].as_string(), evaluation);
}

Value to_json_text(Evaluation& evaluation, Arguments arguments) {
  const auto text = to_json(arguments[0], evaluation.arena());
  if (!text) return bad_argument(evaluation, "toJson() of a value that has no JSON form");
  if (!evaluation.spend(text->size() / 8)) return evaluation.out_of_fuel();
  return evaluation.string(*text);
}

Value jwt_payload(Evaluation& evaluation, Arguments arguments) {
  const std::string_view token = arguments[0].text();
  if (!evaluation.spend_bytes(token.size())) return evaluation.out_of_fuel();
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return bad_argument(evaluation, "unvalidatedJwtPayload() of text without three parts");
  }
  std::string_view part = token.substr(first + 1, second - first - 1);
  while (part.ends_with('=')) part.remove_suffix(1);
  const auto payload = base::base64url_decode(part);
  if (!payload) return bad_argument(evaluation, "unvalidatedJwtPayload(): bad base64url");
  return parsed_json(evaluation, *payload);
}

Value base64_encode(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  return evaluation.string(base::base64_encode(arguments[0].text()));
}

Value base64_decode(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  const auto bytes = base::base64_decode(arguments[0].text(), base::Padding::optional);
  return bytes ? evaluation.bytes(*bytes) : bad_argument(evaluation, "base64.decode(): bad text");
}

Value url_encode(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  std::string text;
  append_percent_encoded(text, arguments[0].text(), false);
  return evaluation.string(text);
}

Value url_decode(Evaluation& evaluation, Arguments arguments) {
  if (!evaluation.spend_bytes(arguments[0].text().size())) return evaluation.out_of_fuel();
  const auto text = percent_decoded(arguments[0].text(), false);
  if (!text)
    return bad_argument(evaluation, "url.decode() of text that is not percent-encoded UTF-8");
  return evaluation.string(*text);
}

constexpr std::array table{
    Overload{"json", "(string) -> dyn", json_of},
    Overload{"json", "(bytes) -> dyn", json_of},
    Overload{"jsonField", "(string, string) -> dyn", json_field},
    Overload{"jsonField", "(bytes, string) -> dyn", json_field},
    Overload{"toJson", "(dyn) -> string", to_json_text},
    Overload{"to_json", "(dyn) -> string", to_json_text},
    Overload{"unvalidatedJwtPayload", "(string) -> dyn", jwt_payload},
    Overload{"base64.encode", "(bytes) -> string", base64_encode},
    Overload{"base64.encode", "(string) -> string", base64_encode},
    Overload{"base64.decode", "(string) -> bytes", base64_decode},
    Overload{"base64.decode", "(bytes) -> bytes", base64_decode},
    Overload{"base64Encode", "(bytes) -> string", base64_encode},
    Overload{"base64Encode", "(string) -> string", base64_encode},
    Overload{"base64Encode", "bytes.() -> string", base64_encode},
    Overload{"base64Encode", "string.() -> string", base64_encode},
    Overload{"base64Decode", "(string) -> bytes", base64_decode},
    Overload{"base64Decode", "(bytes) -> bytes", base64_decode},
    Overload{"base64Decode", "string.() -> bytes", base64_decode},
    Overload{"base64Decode", "bytes.() -> bytes", base64_decode},
    Overload{"url.encode", "(string) -> string", url_encode},
    Overload{"url.encode", "(bytes) -> string", url_encode},
    Overload{"url.decode", "(string) -> string", url_decode},
    Overload{"url.decode", "(bytes) -> string", url_decode},
};

}  // namespace

std::span<const Overload> encoding_functions() {
  return table;
}

void append_percent_encoded(std::string& out, std::string_view text, bool is_form) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        base::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == (is_form ? '*' : '~');
    if (is_plain) {
      out += c;
    } else if (is_form && c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

std::optional<std::string> percent_decoded(std::string_view text, bool is_form) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      result += is_form && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!base::is_utf8(result)) return std::nullopt;
  return result;
}

int hex_digit(char c) {
  if (base::is_digit(c)) return c - '0';
  const char lower = base::lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace cel

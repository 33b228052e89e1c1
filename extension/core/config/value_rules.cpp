// Rules of the options that say how values are written. Names that some other part explains (an encoding, a time zone,
// a date_format) are tried there, so that what is saved is what an import takes.
#include <array>
#include <map>
#include <vector>

#include "core/config/scope.h"
#include "core/text/fold.h"
#include "core/text/transcoder.h"
#include "core/value/date_pattern.h"
#include "core/value/number_text.h"
#include "core/value/text_scan.h"
#include "core/value/time_zone.h"

namespace cpi::config {
namespace {

void check_separators(const Scope& scope) {
  if (!scope.says_any({"decimal_separator", "thousands_separator"})) return;
  const std::string decimal = scope.text("decimal_separator", ".");
  const std::string thousands = scope.text("thousands_separator", "");
  if (thousands.empty()) return;
  if (decimal == thousands) {
    scope.report(scope.says("thousands_separator") ? "thousands_separator" : "decimal_separator", "same_separators",
                 "decimal_separator and thousands_separator are both " + shown(decimal),
                 "Set both, such as \",\" for decimals and \".\" for thousands.");
    return;
  }
  value::Format format;
  format.decimal_separator = decimal[0];
  format.thousands_separator = thousands;
  if (!value::NumberText::make(format).ok() || thousands.find_first_of("\r\n") != std::string::npos) {
    scope.report(scope.says("thousands_separator") ? "thousands_separator" : "decimal_separator", "not_a_separator",
                 shown(thousands) + " is a part of numbers",
                 "Allowed are characters such as \",\", \".\", \"'\" and a blank.");
  }
}

/// One word may not mean two things. Words for true and false are compared as values are: without blanks around them
/// and without regard to case; NULLs exactly.
void check_words(const Scope& scope) {
  if (!scope.says_any({"true_values", "false_values", "null_if"})) return;
  const Json nulls = scope.options.value("null_if", Json::array({""}));
  const auto means_null = [&](const Json& word) {
    return nulls.is_array() ? std::find(nulls.begin(), nulls.end(), word) != nulls.end() : nulls == word;
  };
  std::map<std::string, bool> meaning;  // folded word → truth
  for (const bool truth : {true, false}) {
    const char* key = truth ? "true_values" : "false_values";
    for (const Json& word : scope.options.value(key, Json::array())) {
      const auto text = word.get<std::string>();
      const auto [other, fresh] = meaning.emplace(text::fold_case(value::trim(text)), truth);
      if (!fresh && other->second != truth && scope.says_any({"true_values", "false_values"})) {
        scope.report(scope.says("false_values") ? "false_values" : "true_values", "true_and_false",
                     shown(text) + " means both true and false", "Name it in one of the two lists.");
      }
      if (means_null(word)) {
        scope.report(scope.says(key)         ? key
                     : scope.says("null_if") ? "null_if"
                                             : key,
                     "null_and_boolean", shown(text) + " means both NULL and " + (truth ? "true" : "false"),
                     std::string("Take it out of null_if or of ") + key + ".");
      }
    }
  }
}

/// What strftime calls the parts of a date, for people who come from there.
std::string translated(const std::string& pattern) {
  constexpr std::array<std::pair<char, std::string_view>, 11> kFields = {{{'Y', "YYYY"},
                                                                          {'y', "YY"},
                                                                          {'m', "MM"},
                                                                          {'d', "DD"},
                                                                          {'b', "MON"},
                                                                          {'B', "MONTH"},
                                                                          {'H', "HH24"},
                                                                          {'I', "HH12"},
                                                                          {'p', "AM"},
                                                                          {'M', "MI"},
                                                                          {'S', "SS"}}};
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    ++i;
    const auto* field =
        std::find_if(kFields.begin(), kFields.end(), [&](const auto& one) { return one.first == pattern[i]; });
    if (field == kFields.end()) return {};
    out += field->second;
  }
  return value::DatePattern::compile(out).ok() ? out : std::string();
}

void check_date_format(const Scope& scope) {
  if (!scope.says("date_format")) return;
  const std::string pattern = scope.text("date_format", "");
  const Result<value::DatePattern> compiled = value::DatePattern::compile(pattern);
  if (compiled.ok()) return;
  const std::string meant = pattern.find('%') == std::string::npos ? std::string() : translated(pattern);
  scope.report("date_format", "unknown_date_format", compiled.error().message,
               (meant.empty() ? "" : "Did you mean " + shown(meant) + "? ") + compiled.error().hint);
}

}  // namespace

void check_values(const Scope& scope) {
  check_separators(scope);
  check_words(scope);
  check_date_format(scope);
  if (scope.says("timezone")) {
    if (const auto zone = value::TimeZone::load(scope.text("timezone", "UTC")); !zone.ok()) {
      scope.report("timezone", "unknown_time_zone", zone.error().message, zone.error().hint);
    }
  }
  const std::string encoding = scope.text("encoding", "utf-8");
  if (scope.says("encoding") && encoding != "auto") {
    if (const auto transcoder = text::make_transcoder(encoding, ""); !transcoder.ok()) {
      scope.report("encoding", "unknown_encoding", transcoder.error().message, transcoder.error().hint);
    }
  }
}

}  // namespace cpi::config

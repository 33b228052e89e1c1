// boolean: the words of PostgreSQL's boolin (src/backend/utils/adt/bool.c), and those that the config adds.
#include <string>
#include <vector>

#include "core/text/fold.h"
#include "core/value/families.h"
#include "core/value/message.h"
#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

/// True when `text` is at least `shortest` letters of the beginning of `word`: boolin takes "tr" for true.
bool is_prefix(std::string_view text, std::string_view word, std::size_t shortest) {
  return text.size() >= shortest && text.size() <= word.size() && is_word(text, word.substr(0, text.size()));
}

class BooleanConverter final : public Converter {
 public:
  BooleanConverter(std::vector<std::string> true_words, std::vector<std::string> false_words)
      : true_words_(std::move(true_words)), false_words_(std::move(false_words)) {}

  Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const override {
    const std::string_view word = trim(text);
    int truth = configured(word);
    if (truth < 0) truth = builtin(word);
    if (truth < 0) {
      why = invalid_syntax("boolean", text) + "; list the word in true_values or false_values if it means one of them";
      return Verdict::kReject;
    }
    char* to = out.reserve(5);
    const char bytes[5] = {0, 0, 0, 1, static_cast<char>(truth)};
    std::memcpy(to, bytes, sizeof bytes);
    out.advance(sizeof bytes);
    return Verdict::kOk;
  }

  std::string_view staging_type() const override { return "boolean"; }
  bool needs_cast() const override { return false; }
  bool is_canonical() const override { return true; }

 private:
  /// 1, 0, or -1 when the config says nothing of the word.
  int configured(std::string_view word) const {
    if (true_words_.empty() && false_words_.empty()) return -1;
    const std::string folded = text::fold_case(word);
    for (const std::string& listed : true_words_) {
      if (folded == listed) return 1;
    }
    for (const std::string& listed : false_words_) {
      if (folded == listed) return 0;
    }
    return -1;
  }

  static int builtin(std::string_view word) {
    if (word.empty()) return -1;
    switch (to_lower(word[0])) {
      case '1': return word.size() == 1 ? 1 : -1;
      case '0': return word.size() == 1 ? 0 : -1;
      case 't': return is_prefix(word, "true", 1) ? 1 : -1;
      case 'f': return is_prefix(word, "false", 1) ? 0 : -1;
      case 'y': return is_prefix(word, "yes", 1) ? 1 : -1;
      case 'n': return is_prefix(word, "no", 1) ? 0 : -1;
      case 'o':  // "o" alone could be either
        if (is_word(word, "on")) return 1;
        return is_prefix(word, "off", 2) ? 0 : -1;
      default: return -1;
    }
  }

  std::vector<std::string> true_words_;
  std::vector<std::string> false_words_;
};

std::vector<std::string> folded_words(const std::vector<std::string>& words) {
  std::vector<std::string> folded;
  folded.reserve(words.size());
  for (const std::string& word : words) folded.push_back(text::fold_case(trim(word)));
  return folded;
}

}  // namespace

Result<std::unique_ptr<Converter>> make_boolean(const ColumnType&, const Format& format) {
  std::vector<std::string> true_words = folded_words(format.true_values);
  std::vector<std::string> false_words = folded_words(format.false_values);
  for (const std::string& word : true_words) {
    for (const std::string& other : false_words) {
      if (word != other) continue;
      return Error{Code::kInvalidConfig,
                   quote_value(word) + " is listed in true_values and in false_values",
                   {},
                   "Take it out of one of the two lists."};
    }
  }
  return {std::make_unique<BooleanConverter>(std::move(true_words), std::move(false_words))};
}

}  // namespace cpi::value

// What stands in a YAML file, with the place of every key and value, so that whatever is found wrong later can be told
// with its line. No types yet: an unquoted 0123 is the text "0123" until somebody asks what it is (typed.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cpi::declare {

/// A place in a file; line and column count from 1. Line 0: the file as a whole.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  /// "customer.yaml:12:5".
  std::string text() const;
};

/// One thing that a person must mend.
struct Problem {
  Place place;
  std::string message;  ///< never holds a secret
  std::string hint;     ///< a sentence, or empty
};
using Problems = std::vector<Problem>;

struct Entry;

/// A value: a scalar, a list or a map. Aliases are resolved to copies, merge keys (`<<`) are carried out.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  Place place;
  std::string text;            ///< of a scalar
  bool plain = false;          ///< a scalar without quotes: may be a number, true or false
  bool substituted = false;    ///< a part of its text came from the environment
  bool names_file = false;     ///< it was written as file:…, which a secret is read from
  std::vector<Node> items;     ///< of a list
  std::vector<Entry> entries;  ///< of a map, in the order written; keys are unique

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNull; }
  /// The value of a key, or nullptr.
  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Place place;  ///< of the key
  Node value;
  bool merged = false;  ///< came with `<<`: a key written in the map itself takes its place
};

}  // namespace cpi::declare

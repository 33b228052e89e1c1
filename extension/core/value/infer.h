// The type of a column that cpi creates, from all of its values (`types: infer`): never narrower than the values allow,
// and text where meaning would be guessed (leading zeros, mixed or ambiguous values; sure.h).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/value/converter.h"
#include "core/value/copy_buffer.h"
#include "core/value/format.h"
#include "core/value/sure.h"

namespace cpi::value {

/// A type that inference gives, such as "bigint", as every PostgreSQL's catalog has it.
ColumnType inferred_type(std::string_view name);

/// What is asked of one column of the file.
struct Watched {
  bool types = true;        ///< nothing but `has_values` is asked where false: not the least time is spent on it
  bool as_written = false;  ///< a key: typed only if PostgreSQL writes every value in the very letters of the file
  std::string beside;       ///< the type of an existing column, where `type_beside_misfits` will be asked for
  bool operator==(const Watched&) const = default;
};

/// Watches every value of every column. Memory does not grow with the rows. Not thread-safe.
class Inference {
 public:
  Inference(const std::vector<Watched>& columns, const Format& format);
  Inference(std::size_t columns, const Format& format) : Inference(std::vector<Watched>(columns), format) {}

  /// Takes one non-NULL value of column `column` into account.
  void observe(std::size_t column, std::string_view text);

  /// The type so far of column `column`, as DDL writes it: "boolean", "integer", "bigint", "numeric", "double
  /// precision", "date", "timestamp without time zone", "timestamp with time zone", "uuid" or "text" (also for a column
  /// without values). The converter of the type takes every value that was observed.
  std::string type(std::size_t column) const;
  /// Of all columns.
  std::vector<std::string> types() const;

  /// Whether the values of column `column` are dates only because date_format spells dates in digits alone: they may as
  /// well be numbers.
  bool may_be_numbers(std::size_t column) const;

  /// The type of those values alone that are numbers, where Watched::beside is a type of numbers, or dates and
  /// timestamps without a zone, where it is one of these; "text" for another type. Without any such value it is one
  /// that no column need be widened for.
  std::string type_beside_misfits(std::size_t column) const;

  /// Whether a column of type `type` (spelled as in types()) that exists takes every value of column `column` without a
  /// guess. More than types() would choose: the flags of a file may all be "f", which proves no boolean by itself.
  bool fits(std::size_t column, std::string_view type) const;

  /// Whether column `column` had a value at all: if not, its "text" says nothing, and no existing column need be
  /// widened.
  bool has_values(std::size_t column) const { return columns_[column].seen; }

 private:
  struct Column {
    unsigned possible = kAllCandidates;  // for every value so far
    unsigned beside = 0;                 // for those of the family of Watched::beside
    unsigned family = 0;
    bool as_written = false;
    bool seen = false;
    unsigned traits = 0;  // of any value
  };

  bool accepts(Candidate candidate, std::string_view text);
  /// Of the types that `look` is sure of and that are asked for, those whose converters take the text.
  unsigned accepted(const Look& look, unsigned asked, std::string_view text);
  static std::string_view type_of(const Column& column, unsigned possible);

  std::vector<Column> columns_;
  Sureness sureness_;
  std::array<std::unique_ptr<Converter>, kCandidates> converters_;
  CopyBuffer scratch_;
  std::string ignored_;
};

}  // namespace cpi::value

// See infer.h. Two questions per value: does it look so much like the type that nothing is guessed (sure.h), and does
// the type's converter take it (asked of the converter itself, so that the two can never disagree)?
//
// A value that a narrower number type takes is taken by every wider one, so only the narrowest candidate is asked.
#include "core/value/infer.h"

#include <bit>

#include "core/value/type_oid.h"

namespace cpi::value {

Inference::Inference(const std::vector<Watched>& columns, const Format& format) : sureness_(format) {
  // A converter that the format does not allow (an unknown time zone, say) takes no value: the loader will say why.
  for (int i = 0; i < kCandidates; ++i) {
    if (auto made = make_converter(candidate_type(Candidate(1U << i)), format); made.ok()) {
      converters_[static_cast<std::size_t>(i)] = std::move(*made);
    }
  }
  for (const Watched& watched : columns) {
    Column column;
    column.as_written = watched.as_written;
    if (!watched.types) column.possible = 0;
    const unsigned current = candidate_called(watched.beside);
    if (current & kNumbers) column.family = kNumbers;
    if (current & kZoneless) column.family = kZoneless;
    column.beside = column.family;
    columns_.push_back(column);
  }
}

bool Inference::accepts(Candidate candidate, std::string_view text) {
  const auto& converter = converters_[static_cast<std::size_t>(std::countr_zero(unsigned{candidate}))];
  scratch_.clear();
  return converter && converter->write(text, scratch_, ignored_) == Verdict::kOk;
}

void Inference::observe(std::size_t index, std::string_view text) {
  Column& column = columns_[index];
  column.seen = true;
  const unsigned asked = column.possible | column.beside;
  if (asked == 0) return;
  const Look look = sureness_.look(text, asked);
  unsigned allowed = accepted(look, asked, text);
  if (column.as_written) allowed = sureness_.as_written(text, allowed);
  column.possible &= allowed;
  if (allowed & column.family) column.beside &= allowed;
  column.traits |= look.traits;
}

unsigned Inference::accepted(const Look& look, unsigned asked, std::string_view text) {
  const unsigned candidates = look.sure & asked;
  unsigned accepted = 0;
  if ((candidates & kInteger) && accepts(kInteger, text)) {
    accepted |= kWholeNumbers;
  } else if ((candidates & kBigint) && accepts(kBigint, text)) {
    accepted |= kBigint | kNumeric;
  } else if ((candidates & kNumeric) && accepts(kNumeric, text)) {
    accepted |= kNumeric;
  }
  if ((candidates & kDouble) && (look.in_double || accepts(kDouble, text))) accepted |= kDouble;
  accepted |= candidates & kDate;  // its reader is the converter's
  constexpr unsigned kOthers = kBoolean | kTimestamp | kTimestamptz | kUuid;
  for (unsigned rest = candidates & kOthers; rest != 0; rest &= rest - 1) {
    const auto candidate = Candidate(rest & -rest);
    if (accepts(candidate, text)) accepted |= candidate;
  }
  return accepted;
}

std::string_view Inference::type_of(const Column& column, unsigned possible) {
  if (!column.seen) return "text";
  const auto has = [&](unsigned traits) { return (column.traits & traits) == traits; };
  // Times before numbers: both are possible only where date_format names a spelling of digits alone.
  if (has(kDigits)) {
    if (possible & kDate) return "date";
    if (possible & kTimestamp) return "timestamp without time zone";
    if (possible & kTimestamptz) return "timestamp with time zone";
    if (has(kBareExponent) && !has(kFraction)) return "text";
    if (has(kFloating) && (possible & kDouble)) return "double precision";
    if (possible & kInteger) return "integer";
    if (possible & kBigint) return "bigint";
    if (possible & kNumeric) return "numeric";
  }
  if ((possible & kBoolean) && !has(kOtherWord) && (has(kWholeWord) || has(kTrueWord | kFalseWord))) return "boolean";
  return possible & kUuid ? "uuid" : "text";
}

bool Inference::fits(std::size_t column, std::string_view type) const {
  return type == "text" || (columns_[column].possible & candidate_called(type)) != 0;
}

std::vector<std::string> Inference::types() const {
  std::vector<std::string> types;
  types.reserve(columns_.size());
  for (std::size_t column = 0; column < columns_.size(); ++column) types.push_back(type(column));
  return types;
}

std::string Inference::type(std::size_t column) const {
  return std::string(type_of(columns_[column], columns_[column].possible));
}

bool Inference::may_be_numbers(std::size_t column) const {
  const unsigned possible = columns_[column].possible;
  return (columns_[column].traits & kDigits) != 0 && (possible & kTimes) != 0 && (possible & kNumbers) != 0;
}

std::string Inference::type_beside_misfits(std::size_t column) const {
  const Column& values = columns_[column];
  return std::string(values.family == 0 ? "text" : type_of(values, values.beside));
}

ColumnType inferred_type(std::string_view name) {
  const unsigned candidate = candidate_called(name);
  return candidate == 0 ? ColumnType{kTextOid, -1, "text"} : candidate_type(Candidate(candidate));
}

}  // namespace cpi::value

// From a field's text to the COPY BINARY form of its column's type, by the rules of the type's own input function.
// One file per type family; the catalogue below is the only place that knows them all. Knows no CSV and no SQL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value/copy_buffer.h"
#include "core/value/format.h"
#include "core/value/shape.h"

namespace cpi::value {

/// A column's type as the target's catalog has it (pg_attribute.atttypid, atttypmod).
struct ColumnType {
  std::uint32_t oid = 0;
  std::int32_t typmod = -1;
  std::string name;  ///< format_type(oid, typmod), such as "numeric(10,2)": for messages and for DDL
  std::shared_ptr<const Shape> shape = {};  ///< of arrays, ranges, rows and types of users; null: a plain type
};

/// What became of one field.
enum class Verdict {
  kOk,         ///< length word and payload were appended
  kReject,     ///< PostgreSQL would refuse it, or its meaning would be a guess; nothing was appended, `why` says it
  kAskServer,  ///< PostgreSQL might accept a spelling that we do not know; nothing was appended. The load starts again
               ///< with this column staged as text, so that the server decides.
};

/// Converts the non-NULL values of one column. Immutable: one converter may serve many threads.
class Converter {
 public:
  virtual ~Converter() = default;

  /// Appends length word and payload of `text` to `out`. `text` is valid UTF-8 without NUL bytes.
  /// On kReject `why` holds a message like PostgreSQL's own, with the value shortened to 80 characters.
  virtual Verdict write(std::string_view text, CopyBuffer& out, std::string& why) const = 0;

  /// The type of the staging column that takes this converter's output, as written in DDL: the target's own type,
  /// or "text" when the server has to cast.
  virtual std::string_view staging_type() const = 0;

  /// True when staging holds text and the server casts it to the column's type.
  virtual bool needs_cast() const = 0;

  /// True when two values of this type are equal exactly if their binary forms are identical: such a column
  /// may be a key of strategy diff, and may be compared with the plain operator.
  virtual bool is_canonical() const = 0;
};

/// The converter for a column: bool, int2/4/8, oid, float4/8, numeric, date, timestamp, timestamptz, uuid, text,
/// varchar, char(n), bytea kept as text, …; every other type is staged as text. Fails with kInvalidConfig when `format`
/// makes no sense for the type (an unknown time zone, say).
Result<std::unique_ptr<Converter>> make_converter(const ColumnType& type, const Format& format);

/// The converter that stages a column as text, for the server to cast: for types without a converter of their own,
/// where every value goes as it comes, and for columns that were converted until kAskServer. There, what `format`
/// decides (the order of a date's numbers, the time zone, separators) stays decided and is written as the server does
/// or rejected; only spellings that the server alone may know are passed on. Fails as make_converter does.
Result<std::unique_ptr<Converter>> make_text_staging_converter(const ColumnType& type, const Format& format);

}  // namespace cpi::value

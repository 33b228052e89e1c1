// What each type family offers to the catalogue: a maker of its converters. One .cpp file per family.
#pragma once

#include <memory>

#include "core/result.h"
#include "core/value/converter.h"

namespace cpi::value {

/// Whether numbers are written as PostgreSQL writes them.
inline bool has_plain_numbers(const Format& format) {
  return format.decimal_separator == '.' && format.thousands_separator.empty();
}

/// Whether every comma in an amount of money stands between digits and has exactly three behind it.
bool groups_thousands(std::string_view text);

/// Makes a converter for a column of one of the family's types. Fails with kInvalidConfig as make_converter does.
using Maker = Result<std::unique_ptr<Converter>> (*)(const ColumnType& type, const Format& format);

Result<std::unique_ptr<Converter>> make_boolean(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_integer(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_floating(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_numeric(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_money(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_date(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_timestamp(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_uuid(const ColumnType& type, const Format& format);
Result<std::unique_ptr<Converter>> make_character(const ColumnType& type, const Format& format);

}  // namespace cpi::value

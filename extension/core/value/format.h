// How values are written in a file where PostgreSQL would have to guess: said in the config, never guessed.
#pragma once

#include <string>
#include <vector>

namespace cpi::value {

/// Order of day, month and year in a date written with numbers only, as PostgreSQL's DateStyle.
enum class DateOrder { kYmd, kDmy, kMdy };

/// The value options of one table.
struct Format {
  DateOrder date_order = DateOrder::kMdy;  ///< `datestyle`; PostgreSQL's default is MDY
  bool date_order_given = false;  ///< false: an ambiguous date such as 01/02/2024 is rejected, naming `datestyle`
  std::string date_format;        ///< to_date pattern such as "DD.MM.YYYY" (core/value/date_pattern.h); empty:
                                  ///< PostgreSQL's input rules
  std::string timezone = "UTC";   ///< for timestamptz values without an offset
  char decimal_separator = '.';
  std::string thousands_separator;       ///< empty: none
  std::vector<std::string> true_values;  ///< beside PostgreSQL's own, ignoring case
  std::vector<std::string> false_values;
};

}  // namespace cpi::value

#include "import/row_converter.h"

#include <algorithm>
#include <iterator>

#include "core/value/message.h"
#include "core/value/sure.h"
#include "core/value/type_oid.h"
#include "import/planner_parts.h"

namespace cpi::import {

namespace {

std::string cannot_be_stored(std::string_view character, std::string_view value, const std::string& encoding) {
  return "character " + value::quote_value(character) + " of value " + value::quote_value(value) +
         " has no equivalent in " + encoding +
         ", the encoding of the target database: replace it, or load into a database in UTF8";
}

std::string too_big(std::size_t needed, std::size_t most) {
  return "the row is too big for a page of the table: it needs " + std::to_string(needed) +
         " bytes even with its long values out of line, and PostgreSQL allows " + std::to_string(most) +
         ": leave out columns (a table without them, and new_columns \"ignore\")";
}

/// Whether COPY BINARY has a form for the type that is no text.
bool has_own_form(std::uint32_t oid) {
  constexpr std::uint32_t kOids[] = {value::kBoolOid, value::kInt2Oid,      value::kInt4Oid,        value::kInt8Oid,
                                     value::kOidOid,  value::kFloat4Oid,    value::kFloat8Oid,      value::kNumericOid,
                                     value::kDateOid, value::kTimestampOid, value::kTimestamptzOid, value::kUuidOid};
  return std::find(std::begin(kOids), std::end(kOids), oid) != std::end(kOids);
}

}  // namespace

Result<RowConverter> RowConverter::make(const Plan& plan, const config::TableOptions& options, std::size_t page_bytes,
                                        std::optional<target::Repertoire> repertoire) {
  RowConverter result{csv::NullRule(options.null_if)};
  result.repertoire_ = std::move(repertoire);
  for (const PlannedColumn& planned : plan.columns) {
    Column column;
    column.file_index = planned.file_index;
    column.required = planned.not_null;
    column.key = planned.key;
    column.file_column = planned.file_column;
    column.table_column = planned.table_column;
    auto made = planned.sure_only    ? value::make_sure_converter(planned.base_type, options.format, planned.as_written)
                : planned.needs_cast ? value::make_text_staging_converter(planned.base_type, options.format)
                                     : value::make_converter(planned.base_type, options.format);
    if (!made.ok()) return made.error();
    column.converter = std::move(*made);
    column.sent_as_text = planned.needs_cast || !has_own_form(planned.base_type.oid);
    result.last_file_index_ = std::max(result.last_file_index_, column.file_index);
    result.columns_.push_back(std::move(column));
  }
  if (plan.columns.size() > RowSize::kAlwaysFits) result.size_.emplace(plan.columns, page_bytes);
  return result;
}

csv::Reject RowConverter::reject(const csv::Row& row, std::string_view raw, const std::string& column,
                                 csv::Reason reason, std::string message) const {
  const std::int64_t offset = origin_ ? origin_(row.offset) : row.offset;
  return {row.line, offset, column, reason, std::move(message), std::string(raw.substr(0, csv::kMostRawBytes))};
}

void RowConverter::convert(const csv::Row& row, std::string_view raw, ConvertedBatch& out, RejectSink& rejects) {
  value::CopyBuffer& tuples = out.tuples;
  const std::size_t begin = tuples.size();
  bool whole = true;
  tuples.put_int16(static_cast<std::int16_t>(columns_.size() + 1));
  for (Column& column : columns_) {
    const csv::Field& field = row.fields[column.file_index];
    if (nulls_.is_null(field)) {
      if (column.required) {
        tuples.truncate(begin);
        rejects.add(reject(row, raw, column.file_column,
                           column.key ? csv::Reason::kNullKey : csv::Reason::kNotNullViolation,
                           column.key ? "the key column " + quoted_name(column.table_column) + " has no value"
                                      : "column " + quoted_name(column.table_column) + " must have a value"));
        return;
      }
      tuples.put_null();
      continue;
    }
    if (column.asked) continue;
    const std::size_t before = tuples.size();
    switch (column.converter->write(field.text(), tuples, why_)) {
      case value::Verdict::kOk:
        if (repertoire_.has_value() && column.sent_as_text) {
          const auto sent = tuples.bytes().subspan(before + sizeof(std::int32_t));
          const std::string_view lacking = repertoire_->first_lacking({sent.data(), sent.size()});
          if (lacking.empty()) break;
          why_ = cannot_be_stored(lacking, field.text(), repertoire_->encoding());
          tuples.truncate(begin);
          rejects.add(reject(row, raw, column.file_column, csv::Reason::kInvalidValue, why_));
          return;
        }
        break;
      case value::Verdict::kReject:
        tuples.truncate(begin);
        rejects.add(reject(row, raw, column.file_column, csv::Reason::kInvalidValue, why_));
        return;
      case value::Verdict::kAskServer:
        column.asked = true;
        asked_.insert(column.table_column);
        break;
    }
    whole = whole && !column.asked;
  }
  if (!whole || !asked_.empty()) {
    tuples.truncate(begin);
    return;
  }
  tuples.put_int32(8);
  tuples.put_int64(row.line);
  if (size_.has_value()) {
    const std::size_t needed = size_->of(tuples.bytes().subspan(begin));
    if (needed > size_->most()) {
      tuples.truncate(begin);
      rejects.add(reject(row, raw, "", csv::Reason::kRefusedByServer, too_big(needed, size_->most())));
      return;
    }
  }
  ++out.rows;
}

}  // namespace cpi::import

// What is behind the Reader: one object that walks through the phases of a file. Private to reader.cpp (the loop and
// the fast path), prologue.cpp (what comes before the first row), slow_row.cpp (everything that the fast path leaves)
// and discard.cpp (rows over the limits).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/csv/complaint.h"
#include "core/csv/grammar.h"
#include "core/csv/header.h"
#include "core/csv/kernels/kernel.h"
#include "core/csv/lines.h"
#include "core/csv/reader.h"
#include "core/csv/recovery.h"
#include "core/csv/window.h"

namespace cpi::csv {

/// Why no file can be read by this dialect; nothing when it is sound.
std::optional<Error> flaw(const Dialect& dialect);

struct Reader::Impl {
  enum class Phase { kStart, kSkip, kHeader, kShape, kRows, kDiscard, kEnd };
  enum class Step {
    kDone,      ///< the phase has advanced, or the batch has something
    kNeedMore,  ///< the input at hand does not suffice
  };

  Impl(Dialect given, Limits given_limits)
      : dialect(std::move(given)),
        limits(given_limits),
        failure(flaw(dialect)),
        grammar(failure ? Dialect{} : dialect),
        kinds(dialect, grammar, limits),
        recovery(grammar, kinds, dialect, limits) {}

  Result<Event> next(Batch& batch);
  Result<Step> start();
  Result<Step> skip();
  Result<Step> read_header();
  Result<Step> find_shape();
  Result<Step> read_rows(Batch& batch);

  Result<Step> read_segment(Batch& batch, const char* segment_end);
  void fast_rows(Batch& batch, const std::uint32_t*& position, const std::uint32_t* last);
  Result<Step> read_alone(Batch& batch);
  std::optional<Result<Step>> read_special_line();
  Result<Step> take_row(Batch& batch, const ParsedRow& row);
  Result<Step> reject_bad(Batch& batch, const ParsedRow& row);
  bool is_endless(const char* at) const;
  Step begin_discard(const ParsedRow& row, bool quoted);
  Result<Step> discard(Batch& batch);
  bool spoilt(Batch& batch, const ParsedRow& row);
  void emit(Batch& batch, const ParsedRow& row);
  std::string_view clean(std::string_view text);

  Line line_at(const char* at) const { return physical_line(at, window.end(), final); }
  bool longer_than(std::size_t bytes, const char* begin, const Line& found) const {
    return static_cast<std::size_t>(found.content_end - begin) > bytes;
  }
  void drop_rest();
  void consume(const char* up_to, std::int64_t lines) {
    window.consume(up_to);
    line += lines;
  }
  std::int64_t file_offset(const char* at) const {
    const std::int64_t offset = window.offset(at);
    return origin ? origin(offset) : offset;
  }
  Place place(const char* begin, const char* end) const { return {line, file_offset(begin), between(begin, end)}; }
  Reject nul_at(const Place& row, const char* at, std::string column) const {
    return nul_byte(row, file_offset(at), std::move(column));
  }
  Reject invalid_at(const Place& row, const char* at, std::string column) const {
    return invalid_encoding(row, file_offset(at), origin ? std::nullopt : std::optional(*at), std::move(column));
  }
  std::string column_name(std::size_t index) const { return index < names.size() ? names[index] : std::string(); }
  ParsedRow parse_at(const char* at) {
    raw_fields.clear();
    const ByteCursor cursor{grammar, window.end()};
    return parse_row(grammar, limits, at, window.end(), final, Strictness::kStrict, cursor, raw_fields);
  }

  const Dialect dialect;
  const Limits limits;
  std::optional<Error> failure;
  const Grammar grammar;
  const Lines kinds;
  Recovery recovery;
  const Kernel* kernel = &active_kernel();

  Window window;
  Arena arena;
  Origin origin;
  bool final = false;
  Phase phase = Phase::kStart;
  std::size_t retry_at = 0;  // bytes that the window must hold before another attempt is worth while
  std::int64_t line = 1;
  std::int64_t skipped = 0;
  std::optional<Stop> table_end;

  Header header;
  int header_rows = 0;
  std::int64_t header_line = 0;
  std::vector<std::string> names;
  std::size_t width = 0;  // fields of a row that fits: one per name, and one if rows end in a delimiter
  bool trailing = false;

  /// The rest of a row that is longer than the limits, which is read past without being kept (discard.cpp).
  struct Discard {
    Reject reject;
    Error endless;           ///< should the file end within its quotes
    bool in_quotes = false;  ///< else behind a field or within an unquoted one
    bool quotes_count = false;
  };
  Discard discarded;

  // Of the segment at hand.
  std::vector<std::uint32_t> positions;
  std::size_t position_count = 0;
  const char* segment = nullptr;
  bool check_rows = false;  // a NUL or an invalid byte is somewhere in it
  std::size_t fields_used = 0;

  std::vector<RawField> raw_fields;
  std::string scratch;
  std::string cleaned;
};

}  // namespace cpi::csv

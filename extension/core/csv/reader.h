// The CSV reader: bytes in, rows and rejects out. Pure: it opens nothing and knows no types and no SQL.
//
//   caller ──space()/commit()──► window ──kernel (SIMD)──► structural positions ──► rows ──next()──► Batch
//                                                                      │ a row that does not fit
//                                                                      └──► recovery: where it ends ──► Reject
//
// A row that does not fit is rejected by itself: the reader finds its feet at the next row that fits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/row.h"
#include "core/result.h"

namespace cpi::csv {

/// Reads one file. Not thread-safe; one owner at a time. Input is UTF-8 (a BOM is skipped), in chunks of any size:
/// the rows do not depend on how the input is cut.
class Reader {
 public:
  explicit Reader(Dialect dialect, Limits limits = {});
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// For input that was transcoded: where rejects and messages say that something stands. Called for each of them, with
  /// offsets of bytes that no call of `space` has given up.
  void set_origin(Origin origin);

  /// A writable window of at least `bytes` bytes for the next input. Invalidates the views of the last batch.
  std::span<char> space(std::size_t bytes);
  /// Says that the first `bytes` of the last `space()` hold input.
  void commit(std::size_t bytes);
  /// Says that no more input comes.
  void finish();

  enum class Event {
    kBatch,      ///< `batch` holds at least one row or reject
    kNeedBytes,  ///< call space() and commit(), or finish()
    kEnd,        ///< everything has been read
  };

  /// Fills `batch` with the next rows; its views stay valid until the next call of `space` or `next`.
  /// Fails with kInvalidHeader or kLimitExceeded; after a failure the reader is spent.
  [[nodiscard]] Result<Event> next(Batch& batch);

  /// The columns' names as the file (or `Dialect::columns`) gives them, trimmed, not yet made unique or legal.
  /// Known from the first kBatch or kEnd on. Without a header and `columns`: "column1", "column2", … by the first row.
  const std::vector<std::string>& header() const;

  /// Where the table ended by `Dialect::stop_at` before the input did.
  struct Stop {
    std::int64_t line = 0;    ///< of the line that begins with it, the first being 1
    std::int64_t offset = 0;  ///< of that line's first byte in the file
    std::int64_t bytes = 0;   ///< of the reader's input from there on, of what has been committed
    bool text = false;        ///< they hold more than blanks and line breaks
  };
  /// Complete when all input has been committed, which the reader takes and drops after its kEnd.
  const std::optional<Stop>& stop() const;

  /// Bytes of input that became rows, rejects or were skipped; for progress.
  std::int64_t bytes_read() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cpi::csv

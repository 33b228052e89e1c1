// What the sniffer's phases hand to one another. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/grammar.h"
#include "core/csv/sniffer/sniffer.h"

namespace cpi::csv::sniffer {

/// Phase 1: the encoding of the pieces. Fails with kUnknownEncoding.
Result<Choice> find_encoding(std::string_view beginning, std::string_view middle, std::string_view end,
                             std::string_view foreign);

/// How much the text looks like words and numbers when its bytes are read in `encoding`: the higher the better,
/// negative for what nobody writes. Internal to phase 1.
double plausibility(std::string_view bytes, const std::string& encoding);

/// The pieces as UTF-8; those behind the first begin at a line.
struct Sample {
  std::string beginning;
  std::string middle;
  std::string end;
};

/// One row of a sample, as a candidate reads it.
struct SampleRow {
  std::size_t line = 0;    ///< physical lines before it
  bool good = false;       ///< parsed without an error
  bool after_gap = false;  ///< an empty line stands before it
  std::string_view text;   ///< its first physical line
  std::vector<std::string> fields;
};

/// How well a candidate's table fits.
struct Fit {
  double score = 0;
  std::size_t width = 0;  ///< the most frequent number of fields, without the empty one of a trailing delimiter
  bool trailing = false;
  std::size_t rows = 0;
  std::size_t fitting = 0;
  std::vector<SampleRow> beginning;  ///< the rows at the start of the beginning
  std::vector<SampleRow> further;    ///< rows further down, and of the other pieces

  bool fits(const SampleRow& row) const {
    return row.good && (row.fields.size() == width || (trailing && row.fields.size() == width + 1));
  }
};

/// Characters that are neither letters nor digits nor quotes, and stand equally often on nearly all lines.
struct Recurring {
  std::string text;          ///< one to three of them
  std::size_t per_line = 0;  ///< how often on most lines
  double share = 0;          ///< of the lines that have it so often
  bool first = false;        ///< the first line has it so often, too
};

/// What recurs in the sample, what does so most first; a few hundred at most.
std::vector<Recurring> find_recurring(const Sample& sample);

/// Reads the sample by `dialect` (delimiter, quote, escape, comment, trim, and skip_rows lines of the beginning) and
/// scores it. The rows refer to the sample.
Fit fit_of(const Sample& sample, const Dialect& dialect);

/// Phase 2: fills in delimiter, quote, escape and trim, but for what is known; returns the winner's fit.
/// Fails with kDialectUnclear when no delimiter goes with what is known.
Result<Fit> find_dialect(const Sample& sample, const Known& known, Sniffed& sniffed);

/// What speaks against the delimiter of `sniffed`, which was found: lowers its certainty, adds warnings, or calls it
/// unclear. `weak`: texts often hold such a character.
void doubt_delimiter(const Sample& sample, const Fit& fit, const std::vector<Recurring>& recurring, bool weak,
                     Sniffed& sniffed);

/// The delimiter that the first line says to Excel ("sep=;"), or "".
std::string said_delimiter(const Sample& sample);

/// `known` with what that line says, which is none of the table. Unclear where it must not be skipped.
Known obeying_first_line(const Sample& sample, const Known& known, Sniffed& sniffed);

/// Phase 3: fills in comment, and reads the sample again without comments where there are any.
void find_remarks(const Sample& sample, const Known& known, Fit& fit, Sniffed& sniffed);

/// How much speaks for a row of the beginning that fits being a header of those below it, which is the first behind the
/// first `skip` rows: above 0 for, below against, from about -2 to 2.
double header_evidence(const Fit& fit, std::size_t skip);

/// Lowers the delimiter's certainty when many rows do not fit.
void doubt_rows(const Fit& fit, Sniffed& sniffed);

/// What speaks against lines before the table being none of it. `header_follows`: a header stands behind them.
void doubt_preamble(const Fit& fit, const Known& known, bool header_follows, Sniffed& sniffed);

/// Phase 4: fills in header, skip_rows and columns.
void find_header(const Fit& fit, const Known& known, Sniffed& sniffed);

/// Phase 3 again, behind the header: fills in stop_at.
void find_end(const Fit& fit, const Known& known, Sniffed& sniffed);

/// What a cell looks like.
enum class CellKind { kEmpty, kNumber, kMoment, kWord, kText, kMixed };
CellKind kind_of(std::string_view cell);

/// Whether a cell says that its value is missing: "n/a", "-".
bool is_missing(std::string_view cell);
inline bool is_value(CellKind kind) { return kind == CellKind::kNumber || kind == CellKind::kMoment; }

/// Certainty of a choice whose score is `best` against the next best.
double certainty(double best, double next);

}  // namespace cpi::csv::sniffer

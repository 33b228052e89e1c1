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
Result<Choice> find_encoding(std::string_view beginning, std::string_view middle, std::string_view end);

/// The pieces as UTF-8; those behind the first begin at a line.
struct Sample {
  std::string beginning;
  std::string middle;
  std::string end;
};

/// One row of a sample, as a candidate reads it.
struct SampleRow {
  std::size_t line = 0;  ///< physical lines before it
  bool good = false;     ///< parsed without an error
  std::vector<std::string> fields;
};

/// How well a candidate's table fits.
struct Fit {
  double score = 0;
  std::size_t width = 0;  ///< the most frequent number of fields
  std::size_t rows = 0;
  std::size_t fitting = 0;
  std::vector<SampleRow> beginning;  ///< the rows of the beginning
};

/// Reads the sample by `dialect` and scores it.
Fit fit_of(const Sample& sample, const Dialect& dialect);

/// Phase 2: fills in delimiter, quote and escape; returns the winner's fit.
Fit find_dialect(const Sample& sample, Sniffed& sniffed);

/// Phase 3: fills in header, skip_rows and columns.
void find_header(const Fit& fit, Sniffed& sniffed);

/// What a cell looks like.
enum class CellKind { kEmpty, kNumber, kMoment, kWord, kText, kMixed };
CellKind kind_of(std::string_view cell);

/// Certainty of a choice whose score is `best` against the next best.
double certainty(double best, double next);

}  // namespace cpi::csv::sniffer

// Reads one text in every way that must give the same rows: each kernel, and chunks of 1, 2, 3, 7, 64 bytes and whole.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "core/csv/kernels/kernel.h"
#include "core/csv/reader.h"

namespace cpi::csv {

/// What a reader made of a text, in a form that compares and prints well. Rows are fields joined by '|', quoted fields
/// in angle brackets; rejects are "line:reason:raw".
struct Outcome {
  std::vector<std::string> header;
  std::vector<std::string> rows;
  std::vector<std::string> rejects;
  std::vector<std::string> places;  ///< "line@offset=raw" of each row
  std::string error;                ///< "code: message" when the reader failed
  std::vector<Reject> full_rejects;
  std::int64_t bytes_read = 0;
  std::int64_t stop_line = 0;  ///< at which `stop_at` ended the table; 0: none

  bool operator==(const Outcome& other) const {
    return header == other.header && rows == other.rows && rejects == other.rejects && places == other.places &&
           error == other.error && stop_line == other.stop_line;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  const auto list = [&](const char* name, const std::vector<std::string>& texts) {
    out << "\n  " << name << ":";
    for (const std::string& text : texts) out << " {" << text << "}";
  };
  list("header", outcome.header);
  list("rows", outcome.rows);
  list("places", outcome.places);
  list("rejects", outcome.rejects);
  return out << "\n  stop: " << outcome.stop_line << "\n  error: " << outcome.error;
}

/// What a reader says that gets `text` in chunks of that size when it asks for bytes. With `text` null it has them all.
inline Outcome read_all(Reader& reader, const std::string* text = nullptr, std::size_t chunk = 1) {
  Batch batch;
  Outcome outcome;
  std::size_t given = 0;
  bool finished = text == nullptr;
  while (true) {
    const Result<Reader::Event> event = reader.next(batch);
    if (!event.ok()) {
      outcome.error = std::string(code_name(event.error().code)) + ": " + event.error().message;
      break;
    }
    if (*event == Reader::Event::kEnd) break;
    if (*event == Reader::Event::kNeedBytes) {
      EXPECT_FALSE(finished) << "the reader asks for bytes after finish()";
      if (finished) break;
      const std::size_t size = std::min(chunk, text->size() - given);
      if (size == 0) {
        reader.finish();
        finished = true;
        continue;
      }
      const std::span<char> space = reader.space(size);
      EXPECT_GE(space.size(), size);
      std::memcpy(space.data(), text->data() + given, size);
      reader.commit(size);
      given += size;
      continue;
    }
    EXPECT_FALSE(batch.empty()) << "a batch without rows and rejects";
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Row row = batch.row(i);
      std::string joined;
      for (const Field& field : row.fields) {
        if (&field != row.fields.data()) joined += '|';
        joined += field.quoted ? "<" + std::string(field.text()) + ">" : std::string(field.text());
      }
      outcome.rows.push_back(joined);
      outcome.places.push_back(std::to_string(row.line) + "@" + std::to_string(row.offset) + "=" +
                               std::string(batch.raw(i)));
    }
    for (const Reject& reject : batch.rejects) {
      outcome.rejects.push_back(std::to_string(reject.line) + ":" + std::string(reason_name(reject.reason)) + ":" +
                                reject.raw);
      outcome.full_rejects.push_back(reject);
    }
  }
  outcome.header = reader.header();
  outcome.bytes_read = reader.bytes_read();
  if (reader.stop()) outcome.stop_line = reader.stop()->line;
  return outcome;
}

inline Outcome read_in_chunks(const std::string& text, const Dialect& dialect, const Limits& limits,
                              std::size_t chunk) {
  Reader reader(dialect, limits);
  return read_all(reader, &text, chunk);
}

/// The outcome, after checking that every kernel and every way to cut the input agree on it.
inline Outcome read_every_way(const std::string& text, const Dialect& dialect = {}, const Limits& limits = {}) {
  Outcome expected;
  bool first = true;
  for (const Kernel* kernel : usable_kernels()) {
    ::setenv("CPI_CSV_KERNEL", std::string(kernel->name()).c_str(), 1);
    for (const std::size_t chunk :
         {text.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
      Outcome outcome = read_in_chunks(text, dialect, limits, chunk);
      if (first) expected = outcome;
      EXPECT_EQ(outcome, expected) << "kernel " << kernel->name() << ", chunks of " << chunk << " bytes";
      first = false;
    }
  }
  ::unsetenv("CPI_CSV_KERNEL");
  return expected;
}

using Texts = std::vector<std::string>;

}  // namespace cpi::csv

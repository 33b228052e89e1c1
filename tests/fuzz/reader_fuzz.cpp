// The reader on any bytes in any dialect: no crash, no hang, and one answer however the input is cut and whichever
// kernel scans it. The first bytes of an input choose dialect, limits and chunk sizes; the rest is the file.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "core/csv/kernels/kernel.h"
#include "core/csv/reader.h"

namespace {

using namespace cpi::csv;

constexpr std::size_t kChoices = 5;

struct Choices {
  explicit Choices(std::string_view bytes) : left(bytes) {}
  unsigned next() {
    if (left.empty()) return 0;
    const auto byte = static_cast<unsigned char>(left.front());
    left.remove_prefix(1);
    return byte;
  }
  std::string_view left;
};

/// Everything that a reader says, as one text.
std::string reading(std::string_view text, const Dialect& dialect, const Limits& limits, std::size_t chunk) {
  Reader reader(dialect, limits);
  Batch batch;
  std::string said;
  std::string rejects;
  std::size_t given = 0;
  while (true) {
    const cpi::Result<Reader::Event> event = reader.next(batch);
    if (!event.ok()) {
      said += "error " + event.error().message;
      break;
    }
    if (*event == Reader::Event::kEnd) break;
    if (*event == Reader::Event::kNeedBytes) {
      const std::size_t size = std::min(chunk, text.size() - given);
      if (size == 0) {
        reader.finish();
        continue;
      }
      std::memcpy(reader.space(size).data(), text.data() + given, size);
      reader.commit(size);
      given += size;
      continue;
    }
    if (batch.empty()) std::abort();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Row row = batch.row(i);
      if (row.fields.size() != reader.header().size()) std::abort();
      said += std::to_string(row.line) + "@" + std::to_string(row.offset) + ":" + std::string(batch.raw(i));
      for (const Field& field : row.fields) said += (field.quoted ? "<" : "|") + std::string(field.text());
      said += "\n";
    }
    for (const Reject& reject : batch.rejects) {
      rejects += std::to_string(reject.line) + "@" + std::to_string(reject.offset) + ":" + reject.column + ":" +
                 std::string(reason_name(reject.reason)) + ":" + reject.message + ":" + reject.raw + "\n";
    }
  }
  for (const std::string& name : reader.header()) said += name + ";";
  if (reader.stop()) said += "stop " + std::to_string(reader.stop()->line) + "\n";
  return said + rejects;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<const Kernel*> kernels = usable_kernels();
  Choices choices({reinterpret_cast<const char*>(data), size});
  const std::string delimiters[] = {",", ";", "\t", "||", ", ", " ", "a", "\xC2\xA6"};
  const std::string quotes[] = {"\"", "\"", "'", "", "\xC2\xB4"};
  const std::string escapes[] = {"", "", "\\", "\"", "''"};
  if (size < kChoices) return 0;
  const unsigned first = choices.next();
  const unsigned second = choices.next();
  const unsigned third = choices.next();
  Dialect dialect;
  if ((first & 1U) != 0) {
    dialect.delimiter = delimiters[(first >> 1U) % 8];
    dialect.quote = quotes[(first >> 4U) % 5];
    dialect.escape = escapes[second % 5];
    dialect.comment = (second & 64U) != 0 ? "#" : "";
    dialect.stop_at = (second & 128U) != 0 ? (second & 32U) != 0 ? "\n" : "Tot" : "";
    dialect.trim = (second & 16U) != 0;
    dialect.ragged = static_cast<Ragged>(third % 3);
    dialect.on_nul = static_cast<OnNul>(third / 4 % 2);
    dialect.invalid_bytes = static_cast<InvalidBytes>(third / 8 % 2);
    dialect.header_rows = static_cast<int>(third / 16 % 3);
    dialect.skip_rows = (third & 128U) != 0 ? 1 : 0;
    if ((second & 8U) != 0) dialect.columns = {"a", "b", "c"};
  }
  Limits limits;
  const unsigned tight = choices.next();
  if ((tight & 1U) != 0) limits.field_bytes = 1 + tight;
  if ((tight & 2U) != 0) limits.row_bytes = 1 + tight * 2;
  if ((tight & 4U) != 0) limits.header_bytes = 1 + tight;
  if ((tight & 8U) != 0) limits.columns = 2;
  const std::size_t chunk = 1 + choices.next() % 80;

  const std::string expected = reading(choices.left, dialect, limits, choices.left.size() + 1);
  for (const Kernel* kernel : kernels) {
    ::setenv("CPI_CSV_KERNEL", std::string(kernel->name()).c_str(), 1);
    const std::string said = reading(choices.left, dialect, limits, chunk);
    if (said != expected) {
      std::cerr << "kernel " << kernel->name() << ", chunks of " << chunk << " bytes:\n"
                << said << "\nwhole:\n"
                << expected << "\n";
      std::abort();
    }
  }
  ::unsetenv("CPI_CSV_KERNEL");
  return 0;
}

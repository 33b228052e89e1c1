// See agreement.h.
#include "unit/core/value/agreement.h"

#include <algorithm>
#include <ostream>
#include <random>

namespace cpi::value::test {

namespace {

constexpr std::string_view kCopyHeader{"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19};

/// The server's own reading of every text: a row per text that it takes.
constexpr const char* kReadByServer = R"(
DO $$
DECLARE candidate record;
BEGIN
  FOR candidate IN SELECT id, txt FROM pg_temp.candidate LOOP
    BEGIN
      EXECUTE format('INSERT INTO pg_temp.reference VALUES (%s, %L)', candidate.id, candidate.txt);
    EXCEPTION WHEN OTHERS THEN
      NULL;  -- refused: no row
    END;
  END LOOP;
END $$)";

void copy_texts(db::Connection& connection, const std::vector<std::string>& texts) {
  CopyBuffer rows;
  rows.put_bytes(kCopyHeader);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    rows.put_int16(2);
    rows.put_int32(4);
    rows.put_int32(static_cast<std::int32_t>(i));
    rows.put_int32(static_cast<std::int32_t>(texts[i].size()));
    rows.put_bytes(texts[i]);
  }
  rows.put_int16(-1);
  db::CopyIn copy = connection.copy_in("COPY pg_temp.candidate FROM STDIN (FORMAT binary)");
  copy.put(rows.bytes());
  copy.finish();
}

}  // namespace

void PrintTo(const AgreementCase& tested, std::ostream* out) { *out << tested.type.name; }

std::vector<std::string> with_random_texts(const AgreementCase& tested, unsigned seed, int random) {
  std::vector<std::string> texts = tested.texts;
  if (tested.alphabet.empty()) return texts;
  std::mt19937 generator(seed);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(generator);
  };
  for (int i = 0; i < random; ++i) {
    std::string text = tested.texts[below(tested.texts.size())];
    // A change in the middle of a character would make invalid UTF-8, which no converter ever sees.
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) < 0; })) continue;
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const char c = tested.alphabet[below(tested.alphabet.size())];
      const std::size_t at = below(text.size() + 1);
      const std::size_t kind = below(3);
      if (kind == 0 || at == text.size()) {
        text.insert(at, 1, c);
      } else if (kind == 1) {
        text[at] = c;
      } else {
        text.erase(at, 1);
      }
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

Agreement compare_with_server(db::Connection& connection, const AgreementCase& tested,
                              const std::vector<std::string>& texts) {
  Agreement agreement;
  auto made = make_converter(tested.type, tested.format);
  if (!made.ok()) {
    agreement.disagreements.push_back("no converter: " + made.error().message);
    return agreement;
  }
  const Converter& converter = **made;

  for (const std::string& setting : tested.settings) connection.exec(setting);
  connection.exec("CREATE TEMPORARY TABLE candidate (id int, txt text)");
  connection.exec("CREATE TEMPORARY TABLE reference (id int, v " + tested.type.name + ")");
  connection.exec("CREATE TEMPORARY TABLE converted (id int, v " + std::string(converter.staging_type()) + ")");
  copy_texts(connection, texts);
  connection.exec(kReadByServer);

  std::vector<Verdict> verdicts;
  std::vector<std::string> reasons(texts.size());
  CopyBuffer rows;
  rows.put_bytes(kCopyHeader);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t before = rows.size();
    rows.put_int16(2);
    rows.put_int32(4);
    rows.put_int32(static_cast<std::int32_t>(i));
    const std::size_t value = rows.size();
    verdicts.push_back(converter.write(texts[i], rows, reasons[i]));
    if (verdicts.back() == Verdict::kOk) continue;
    if (rows.size() != value) agreement.disagreements.push_back("\"" + texts[i] + "\": not taken, but bytes appended");
    rows.truncate(before);
  }
  rows.put_int16(-1);
  db::CopyIn copy = connection.copy_in("COPY pg_temp.converted FROM STDIN (FORMAT binary)");
  copy.put(rows.bytes());
  copy.finish();

  const db::Rows answers = connection.exec(
      "SELECT c.id, r.id IS NOT NULL, ROW(r.v)::record *= ROW(v.v)::record, r.v::text, v.v::text"
      " FROM pg_temp.candidate c LEFT JOIN pg_temp.reference r USING (id) LEFT JOIN pg_temp.converted v USING (id)"
      " ORDER BY c.id");
  for (int row = 0; row < answers.size(); ++row) {
    const auto i = static_cast<std::size_t>(answers.int64(row, 0));
    const bool taken = answers.boolean(row, 1);
    const std::string shown = "\"" + texts[i] + "\": ";
    switch (verdicts[i]) {
      case Verdict::kOk:
        ++agreement.accepted;
        if (!taken) {
          agreement.disagreements.push_back(shown + "the server refuses, we store " + answers.str(row, 4));
        } else if (!answers.boolean(row, 2)) {
          agreement.disagreements.push_back(shown + "the server stores " + answers.str(row, 3) + ", we " +
                                            answers.str(row, 4));
        }
        break;
      case Verdict::kReject:
        ++agreement.rejected;
        if (reasons[i].empty()) agreement.disagreements.push_back(shown + "rejected without a reason");
        if (!taken) break;
        // The one policy of our own: a date that could be read in several ways is not guessed.
        if (reasons[i].starts_with("ambiguous ")) {
          ++agreement.policy;
        } else {
          agreement.disagreements.push_back(shown + "the server stores " + answers.str(row, 3) +
                                            ", we reject: " + reasons[i]);
        }
        break;
      case Verdict::kAskServer: ++agreement.asked; break;
    }
  }
  return agreement;
}

}  // namespace cpi::value::test

// Asks a real server whether it agrees with a converter: what the converter takes must be stored with the very image
// that the type's input function makes of the text, and what it rejects the server must refuse.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "core/value/converter.h"
#include "db/connection.h"

namespace cpi::value::test {

/// One column type under one format, with texts to try.
struct AgreementCase {
  std::string name;  ///< letters and digits, for the test's name
  ColumnType type;
  Format format;
  std::vector<std::string> settings;  ///< statements for the session, such as SET datestyle
  std::vector<std::string> texts;
  std::string alphabet;  ///< characters for random changes; empty: no random texts
};

/// For GoogleTest's messages.
void PrintTo(const AgreementCase& tested, std::ostream* out);

/// What came of it. Each disagreement is a sentence.
struct Agreement {
  std::vector<std::string> disagreements;
  int accepted = 0;
  int rejected = 0;
  int asked = 0;   ///< kAskServer
  int policy = 0;  ///< rejected because their meaning would be a guess, although the server takes them
};

/// The texts of `tested`, and `random` more that are made of them by a few random changes.
std::vector<std::string> with_random_texts(const AgreementCase& tested, unsigned seed, int random);

/// Tries every text in the converter and in the server, in a temporary schema of `connection`'s database.
Agreement compare_with_server(db::Connection& connection, const AgreementCase& tested,
                              const std::vector<std::string>& texts);

}  // namespace cpi::value::test

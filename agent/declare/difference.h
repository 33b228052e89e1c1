// What applying a declaration would change: the entry as declared beside the entry as it is stored. Pure: no database.
//
// An entry is declared whole: a field left out goes back to its default. Left as they are, when left out, are
// database_url, config and a host key that was learnt from the server itself. What no file names is left alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "declare/declaration.h"

namespace cpi::declare {

enum class Action { kUnchanged, kChanged, kCreated };
std::string_view action_name(Action action);

/// A stored entry, in the fields that a declaration has: texts, but for `config`; secrets in the clear.
struct Present {
  std::map<std::string, std::string> fields;
  Json config = Json::object();
};

/// One difference, fit to be shown: a secret is "***", a URL has its password masked. Null: not there.
struct FieldChange {
  std::string path;  ///< "port", "config.tables[0].delimiter"
  Json before;
  Json after;
};

struct Change {
  Kind kind;
  std::string name;
  Action action = Action::kUnchanged;
  std::vector<FieldChange> shown;
  std::map<std::string, std::string> fields;  ///< to be written; an empty text clears
  std::optional<Json> config;                 ///< to be written
};

/// `present` is nothing when there is no such entry yet.
Change difference(const Declared& wanted, const std::optional<Present>& present);

}  // namespace cpi::declare

// What a YAML file declares: connections, sources and projects by name. This is where keys are known and checked;
// design.md section 5 and core/config say what a project's config is. Reads the environment and files of secrets, no
// database.
//
//   connections:
//     customer_abc_prod:
//       database_url: ${CUSTOMER_ABC_URL}
//   sources:
//     erp:
//       host: sftp.example.com
//       username: cpi
//       password: file:secrets/erp.txt      # relative to the YAML file; one line end at its end is left out
//   projects:
//     customer_abc:
//       connection: customer_abc_prod
//       source: erp
//       config: { … }
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "declare/node.h"
#include "declare/substitute.h"
#include "declare/typed.h"

namespace cpi::declare {

enum class Kind { kConnection, kSource, kProject };

/// "connection", "source", "project".
std::string_view kind_name(Kind kind);
/// Whether a field's value is a secret: shown as ***, written as ${…}, may be read from a file.
bool is_secret(Kind kind, std::string_view field);

/// One entry of a section.
struct Declared {
  Kind kind;
  std::string name;
  Place place;
  Node node;
  std::map<std::string, std::string> fields;  ///< those given, but config; null is as good as not given
  std::optional<Json> config;                 ///< of a project, its password in the clear

  /// Where a field or a path such as "config.tables[0].delimiter" stands; else where the entry begins.
  Place place_of(std::string_view path) const;
};

/// The entries of all documents of a file, in the order connections, sources, projects. Several files may be put
/// together: append their results, then `check_names`.
std::vector<Declared> read_declarations(std::string_view yaml, const std::string& file, const Environment& environment,
                                        Problems& problems);

/// Nothing may be declared twice.
void check_names(const std::vector<Declared>& all, Problems& problems);

}  // namespace cpi::declare

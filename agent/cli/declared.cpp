#include "cli/declared.h"

#include "store/declared.h"

namespace cpi::cli {

namespace {

using declare::Kind;
using declare::Present;
using nlohmann::json;

constexpr const char* kHidden = "***";

/// The texts and numbers of a row but for its name, as fields.
Present present_of(const json& row) {
  Present out;
  for (const auto& item : row.items()) {
    if (item.key() == "name") continue;
    if (item.value().is_string()) out.fields[item.key()] = item.value().get<std::string>();
    if (item.value().is_number()) out.fields[item.key()] = item.value().dump();
  }
  return out;
}

std::vector<std::string> names_of(const Names& names, Kind kind) {
  const auto found = names.find(kind);
  return found == names.end() ? std::vector<std::string>() : found->second;
}

void put_secrets(Stored& stored, Kind kind, const json& by_name) {
  for (const auto& entry : by_name.items()) {
    const auto found = stored.find({kind, entry.key()});
    if (found == stored.end()) continue;
    for (const auto& secret : entry.value().items()) {
      if (!secret.value().is_string()) continue;
      if (kind == Kind::kProject) {
        found->second.config["sftp"]["password"] = secret.value();
      } else {
        found->second.fields[secret.key()] = secret.value().get<std::string>();
      }
    }
  }
}

}  // namespace

Stored read_stored(store::Management& management, const Names& names, bool secrets) {
  const json rows = store::exported(management);
  Stored out;
  for (const json& row : rows.at("connections")) {
    Present& present = out[{Kind::kConnection, row.at("name")}] = present_of(row);
    present.fields["database_url"] = kHidden;
  }
  for (const json& row : rows.at("sources")) {
    Present& present = out[{Kind::kSource, row.at("name")}] = present_of(row);
    for (const json& field : row.at("secrets")) present.fields[field.get<std::string>()] = kHidden;
  }
  for (const json& row : rows.at("projects")) {
    Present& present = out[{Kind::kProject, row.at("name")}] = present_of(row);
    present.config = row.at("config");
  }
  if (!secrets) return out;
  const json opened = store::exported_secrets(management, names_of(names, Kind::kConnection),
                                              names_of(names, Kind::kSource), names_of(names, Kind::kProject));
  put_secrets(out, Kind::kConnection, opened.at("connections"));
  put_secrets(out, Kind::kSource, opened.at("sources"));
  put_secrets(out, Kind::kProject, opened.at("projects"));
  return out;
}

}  // namespace cpi::cli

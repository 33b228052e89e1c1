#include "declare/exported.h"

#include <set>

#include "core/config/model.h"
#include "declare/secret_file.h"
#include "declare/yaml_text.h"

namespace cpi::declare {

namespace {

using Ordered = nlohmann::ordered_json;

/// Keys in the order in which the schema explains them; jsonb keeps none.
Ordered in_schema_order(const Json& value, const Ordered& given_schema, const Ordered& root) {
  const Ordered& schema = given_schema.contains("$ref")
                              ? root.at(Ordered::json_pointer(given_schema["$ref"].get<std::string>().substr(1)))
                              : given_schema;
  if (value.is_array() && schema.contains("items")) {
    Ordered out = Ordered::array();
    for (const Json& item : value) out.push_back(in_schema_order(item, schema["items"], root));
    return out;
  }
  if (!value.is_object() || !schema.contains("properties")) return Ordered::parse(value.dump());
  Ordered out = Ordered::object();
  for (const auto& item : schema["properties"].items()) {
    if (value.contains(item.key())) out[item.key()] = in_schema_order(value[item.key()], item.value(), root);
  }
  for (const auto& item : value.items()) {
    if (!out.contains(item.key())) out[item.key()] = Ordered::parse(item.value().dump());
  }
  return out;
}

/// Texts of a config must not be taken for placeholders when they are read again.
void escape_texts(Ordered& value) {
  if (value.is_string()) value = escaped(value.get<std::string>());
  if (!value.is_structured()) return;
  for (auto& item : value.items()) escape_texts(item.value());
}

class Writer {
 public:
  explicit Writer(bool placeholders) : placeholders_(placeholders) {}

  Ordered entry(const Exported& one) {
    Ordered out = Ordered::object();
    if (one.kind == Kind::kConnection) {
      put(out, one, "description");
      put(out, one, "database_url");
    } else if (one.kind == Kind::kSource) {
      for (const char* field :
           {"description", "host", "port", "username", "password", "key_path", "remote_path", "host_key"}) {
        put(out, one, field);
      }
    } else {
      put(out, one, "connection");
      put(out, one, "source");
      out["config"] = config_of(one);
    }
    return out;
  }

  const std::vector<std::string>& variables() const { return variables_; }

 private:
  void put(Ordered& out, const Exported& one, const std::string& field) {
    const auto found = one.present.fields.find(field);
    if (found == one.present.fields.end() || found->second.empty()) return;
    if (is_secret(one.kind, field)) {
      out[field] = secret(one.name, field, found->second);
    } else if (field == "port") {
      out[field] = std::stoi(found->second);
    } else {
      out[field] = escaped(found->second);
    }
  }

  Ordered config_of(const Exported& one) {
    static const Ordered schema = Ordered::parse(config::schema());
    Ordered config = in_schema_order(one.present.config, schema, schema);
    escape_texts(config);
    if (config.contains("sftp") && config["sftp"].contains("password")) {
      config["sftp"]["password"] =
          secret(one.name, "sftp_password", one.present.config["sftp"]["password"].get<std::string>());
    }
    return config;
  }

  std::string secret(const std::string& name, const std::string& field, const std::string& value) {
    if (!placeholders_) return escaped(escaped_secret(value));
    std::string variable = "CPI_" + name + "_" + field;
    for (char& c : variable) {
      const bool small = c >= 'a' && c <= 'z';
      const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      c = small ? static_cast<char>(c - 32) : kept ? c : '_';
    }
    std::string unique = variable;
    for (int n = 2; !taken_.insert(unique).second; ++n) unique = variable + "_" + std::to_string(n);
    variables_.push_back(unique);
    return "${" + unique + "}";
  }

  bool placeholders_;
  std::vector<std::string> variables_;
  std::set<std::string> taken_ = {"CPI_LOGIN_PASSWORD"};  // cpi init reads it
};

}  // namespace

std::string exported_yaml(const std::vector<Exported>& entries, bool placeholders) {
  Writer writer(placeholders);
  Ordered document = Ordered::object();
  for (const Exported& one : entries) {
    document[std::string(kind_name(one.kind)) + "s"][one.name] = writer.entry(one);
  }
  std::string out = "# Written by cpi export. Apply it with: cpi apply -f FILE\n";
  if (!writer.variables().empty()) {
    out += "# Secrets are left out; set these variables before it is applied:\n";
    for (const std::string& variable : writer.variables()) out += "#   " + variable + "\n";
  }
  return document.empty() ? out + "{}\n" : out + yaml_text(document);
}

}  // namespace cpi::declare

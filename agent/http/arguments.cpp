#include "http/arguments.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text/identifier.h"
#include "http/field_value.h"

namespace cpi::http {

namespace {

using nlohmann::json;

/// Collects values by argument and what is wrong with them.
class Binder {
 public:
  Binder(const Function& function, bool waits) : function_(function), waits_(waits) {}

  void path(const std::vector<NameValue>& fields) {
    for (const auto& [name, text] : fields) {
      const Argument* argument = function_.argument(name);
      if (argument == nullptr) {
        unknown(name, false);
        continue;
      }
      FieldValue value = field_from_text(*argument, text);
      if (!value) {
        path_mismatch = name + ": " + value.error().message + ".";
      } else if (*value) {
        set(*argument, std::move(**value));
      }
    }
  }

  void query(const std::vector<NameValue>& fields) {
    std::map<std::string, std::vector<std::string>> repeated;
    for (const auto& [name, text] : fields) {
      const Argument* argument = function_.argument(name);
      if (argument == nullptr) {
        unknown(name, false);
      } else if (argument->type == ArgumentType::kTextArray) {
        repeated[name].push_back(text);
      } else {
        take(*argument, field_from_text(*argument, text));
      }
    }
    for (const auto& [name, items] : repeated) {
      set(*function_.argument(name), db::array_literal(items));
    }
  }

  void header(const std::vector<NameValue>& fields) {
    for (const auto& [name, text] : fields) {
      if (const Argument* argument = function_.argument(name)) take(*argument, field_from_text(*argument, text));
    }
  }

  void body(const json& object) {
    for (const auto& [name, value] : object.items()) {
      if (const Argument* argument = function_.argument(name)) {
        take(*argument, field_from_json(*argument, value));
      } else {
        unknown(name, true);
      }
    }
  }

  void required() {
    for (const Argument& argument : function_.arguments) {
      const bool named = std::any_of(findings.begin(), findings.end(),
                                     [&](const Finding& finding) { return finding.path == argument.name; });
      if (argument.required && !values_.contains(argument.name) && !named && !path_mismatch) {
        findings.push_back({argument.name, "missing", "is missing", ""});
      }
    }
  }

  Call call(bool no_answer) {
    Call call;
    std::string list;
    for (const Argument& argument : function_.arguments) {
      const auto value = values_.find(argument.name);
      if (value == values_.end()) continue;
      call.params.emplace_back(std::move(value->second));
      if (!list.empty()) list += ", ";
      list += quoted(argument.name) + " => $" + std::to_string(call.params.size()) + "::" + argument.sql_type;
    }
    const std::string expression = function_.call + "(" + list + ")";
    call.sql =
        function_.returns_json || no_answer ? "SELECT " + expression : "SELECT pg_catalog.to_jsonb(" + expression + ")";
    return call;
  }

  Findings findings;
  std::optional<std::string> path_mismatch;

 private:
  static std::string quoted(const std::string& name) {
    std::string out = "\"";
    for (char c : name) out.append(c == '"' ? 2 : 1, c);
    return out + "\"";
  }

  void take(const Argument& argument, FieldValue value) {
    if (!value) {
      findings.push_back({argument.name, "wrong_value", value.error().message, value.error().hint});
    } else if (*value) {
      set(argument, std::move(**value));
    }
  }

  /// A value that comes twice is refused, except one that says the same: people send back what they were given.
  void set(const Argument& argument, std::string value) {
    const auto [it, fresh] = values_.try_emplace(argument.name, value);
    if (!fresh && it->second != value) {
      findings.push_back({argument.name, "given_twice", "is given more than once, with different values", ""});
    }
  }

  void unknown(const std::string& name, bool in_body) {
    std::vector<std::string> candidates;
    for (const Argument& argument : function_.arguments) candidates.push_back(argument.name);
    if (waits_ && !in_body) candidates.push_back("wait");
    std::string hint;
    if (waits_ && in_body && name == "wait") {
      hint = "Give it in the query: ?wait=30.";
    } else if (const std::string near = text::nearest(name, candidates); !near.empty()) {
      hint = "Did you mean \"" + near + "\"?";
    } else if (!candidates.empty()) {
      hint = "Known here:";
      for (const std::string& candidate : candidates) hint += (hint.back() == ':' ? " " : ", ") + candidate;
      hint += '.';
    }
    findings.push_back({name, "unknown_field", "is not known here", hint});
  }

  const Function& function_;
  bool waits_;
  std::map<std::string, std::string> values_;
};

}  // namespace

Binding bind(const Function& function, const Fields& fields, bool waits, bool no_answer) {
  Binder binder(function, waits);
  binder.path(fields.path);
  binder.query(fields.query);
  binder.header(fields.header);
  if (fields.body != nullptr) binder.body(*fields.body);
  binder.required();
  Binding binding;
  binding.findings = std::move(binder.findings);
  binding.path_mismatch = std::move(binder.path_mismatch);
  if (binding.findings.empty() && !binding.path_mismatch) binding.call = binder.call(no_answer);
  return binding;
}

}  // namespace cpi::http

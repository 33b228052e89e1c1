#include "net/egress.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

namespace cpi::net {

namespace {

std::string normal_directory(std::string_view path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

std::optional<std::pair<Address, int>> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> network = Address::parse(text.substr(0, slash));
  if (!network) return std::nullopt;
  int bits = network->bits();
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc{} || end != length.data() + length.size() || bits < 0 || bits > network->bits())
      return std::nullopt;
  }
  return std::pair{*network, bits};
}

bool is_host_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; };
  // What is written in digits alone is meant as an address, and is none.
  const bool has_letter = std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
  return !text.empty() && has_letter && std::all_of(text.begin(), text.end(), allowed) && text.front() != '.';
}

}  // namespace

std::string normal_host(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string out(host);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

Result<EgressPolicy> EgressPolicy::make(std::string_view mode, const std::vector<std::string>& allow) {
  EgressPolicy policy;
  policy.public_only_ = mode == "public";
  for (const std::string& entry : allow) {
    if (entry.starts_with('/')) {
      policy.directories_.push_back(normal_directory(entry));
    } else if (const auto range = parse_range(entry)) {
      policy.ranges_.push_back(*range);
    } else if (const std::string host = normal_host(entry); is_host_name(host)) {
      policy.hosts_.push_back(host);
    } else {
      return Error{Code::kInvalidArgument, "\"" + entry + "\" is no host, CIDR range or directory", "",
                   "Write names such as n8n.internal, ranges such as 10.1.0.0/16 or fd12::/48, or the absolute path of "
                   "a directory of Unix sockets."};
    }
  }
  return policy;
}

std::optional<Error> EgressPolicy::refusal(std::string_view host, const Address& address) const {
  const Kind kind = classify(address);
  if (kind.reach == Reach::kPublic || (kind.reach == Reach::kPrivate && !public_only_)) return std::nullopt;
  const std::string name = normal_host(host);
  const bool is_literal = name == address.text();
  Error error{Code::kEgressRefused,
              "connecting to \"" + std::string(host) + "\"" + (is_literal ? "" : ", address " + address.text() + ",") +
                  " is refused: " + std::string(kind.range),
              "", ""};
  if (kind.reach == Reach::kNever) {
    error.hint = "Such addresses are never connected to, whatever CPI_EGRESS and CPI_EGRESS_ALLOW say.";
    return error;
  }
  if (std::find(hosts_.begin(), hosts_.end(), name) != hosts_.end()) return std::nullopt;
  const auto holds = [&](const auto& range) {
    return range.first.is_v4() == address.is_v4() && address.common_bits(range.first) >= range.second;
  };
  if (std::any_of(ranges_.begin(), ranges_.end(), holds)) return std::nullopt;
  error.detail = "CPI_EGRESS=public allows public addresses only.";
  error.hint = "Add the host or its address range to CPI_EGRESS_ALLOW of the agent if it is meant to be reached.";
  return error;
}

std::optional<Error> EgressPolicy::socket_refusal(std::string_view directory) const {
  const std::string normal = normal_directory(directory);
  if (std::find(directories_.begin(), directories_.end(), normal) != directories_.end()) return std::nullopt;
  return Error{Code::kEgressRefused, "connecting to the Unix socket in \"" + normal + "\" is refused",
               "Unix sockets are connected to only where the agent's administrator allows it.",
               "Name a host, such as 127.0.0.1, or add the directory to CPI_EGRESS_ALLOW of the agent."};
}

}  // namespace cpi::net

#include "probe/source_test.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "source/sftp_test.h"
#include "store/management.h"

namespace cpi::probe {

std::string test_source(const std::string& source, const std::string& conninfo, const net::EgressPolicy& egress) {
  constexpr std::chrono::seconds kTime{10};
  source::SftpAccess access;
  access.egress = egress;
  access.pin = [&](const std::string& host, int port, const std::string& fingerprint) {
    store::Management management(db::Connection::connect(conninfo, kTime, "cpi source test"));
    const nlohmann::json fields = nlohmann::json::parse(source);
    return management.pin_source_host_key(fields.at("id").get<std::string>(), host, port, fingerprint);
  };
  return source::test_sftp_source(source, access, kTime);
}

}  // namespace cpi::probe

// SQL-callable: sealing and opening, and the key file. Where secrets are stored, and who may ask for one, is SQL's
// business (sql/replace/secrets.sql).
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "entry/key_file.h"
#include "entry/module.h"
#include "entry/seal.h"
#include "pg/bridge.h"
#include "pg/prelude.h"

namespace {

using cpi::entry::KeyRing;
using cpi::entry::Place;

// Arguments 0 to 3 of seal and open. Top slice: may raise.
Place place_arguments(FunctionCallInfo fcinfo) {
  Place place;
  std::memcpy(place.install_id.data(), PG_GETARG_UUID_P(0)->data, UUID_LEN);
  place.owner_table = cpi::pg::text_argument(fcinfo, 1);
  std::memcpy(place.row_id.data(), PG_GETARG_UUID_P(2)->data, UUID_LEN);
  place.column_name = cpi::pg::text_argument(fcinfo, 3);
  return place;
}

// sodium_init is idempotent and cheap; it must have run before anything random is asked for.
KeyRing load_keys() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium could not be initialised");
  return KeyRing::load(cpi::entry::key_file(), DataDir);
}

}  // namespace

extern "C" {

PG_FUNCTION_INFO_V1(cpi_seal);
PG_FUNCTION_INFO_V1(cpi_open);
PG_FUNCTION_INFO_V1(cpi_key_versions);
PG_FUNCTION_INFO_V1(cpi_add_key);
PG_FUNCTION_INFO_V1(cpi_remove_key);

// _cpi_seal(install_id uuid, owner_table text, row_id uuid, column_name text, key_version int, secret text) → bytea
Datum cpi_seal(PG_FUNCTION_ARGS) {
  const Place place = place_arguments(fcinfo);
  const int32 version = PG_GETARG_INT32(4);
  const std::string_view secret = cpi::pg::text_argument(fcinfo, 5);
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    return cpi::entry::seal(load_keys().find(version), place, secret);
  });
  return cpi::pg::return_bytea(fcinfo, outcome);
}

// _cpi_open(install_id uuid, owner_table text, row_id uuid, column_name text, key_version int, sealed bytea) → text
Datum cpi_open(PG_FUNCTION_ARGS) {
  const Place place = place_arguments(fcinfo);
  const int32 version = PG_GETARG_INT32(4);
  const bytea* value = PG_GETARG_BYTEA_PP(5);
  const std::string_view sealed(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    return cpi::entry::open(load_keys().find(version), place, sealed);
  });
  return cpi::pg::return_text(fcinfo, outcome);
}

// _cpi_key_versions() → jsonb: the versions in the key file, ascending
Datum cpi_key_versions(PG_FUNCTION_ARGS) {
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, []() -> std::optional<std::string> {
    const KeyRing ring = load_keys();
    std::string list;
    for (const cpi::entry::Key& key : ring.keys()) list += (list.empty() ? "" : ",") + std::to_string(key.version);
    return "[" + list + "]";
  });
  return cpi::pg::return_jsonb(fcinfo, outcome);
}

// _cpi_add_key() → jsonb: the new version
Datum cpi_add_key(PG_FUNCTION_ARGS) {
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, []() -> std::optional<std::string> {
    load_keys();
    return std::to_string(cpi::entry::add_key(cpi::entry::key_file(), DataDir));
  });
  return cpi::pg::return_jsonb(fcinfo, outcome);
}

// _cpi_remove_key(key_version int) → void
Datum cpi_remove_key(PG_FUNCTION_ARGS) {
  const int32 version = PG_GETARG_INT32(0);
  cpi::pg::Outcome outcome;
  cpi::pg::fill(outcome, [&]() -> std::optional<std::string> {
    load_keys();
    cpi::entry::remove_key(cpi::entry::key_file(), DataDir, version);
    return std::nullopt;
  });
  cpi::pg::raise_if_failed(outcome);
  PG_RETURN_VOID();
}
}

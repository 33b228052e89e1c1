#include "pg/bridge.h"

#include <algorithm>
#include <cstring>

#include "pg/prelude.h"

namespace cpi::pg {
namespace {

// Copies as much of `text` as fits, never half a character.
template <std::size_t N>
void copy_cut(char (&to)[N], std::string_view text) noexcept {
  std::size_t size = std::min(text.size(), N - 1);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  }
  if (size > 0) std::memcpy(to, text.data(), size);
  to[size] = '\0';
}

const char* to_server(const char* utf8) { return pg_any_to_server(utf8, static_cast<int>(std::strlen(utf8)), PG_UTF8); }

std::string_view from_server(char* text, int size) {
  const char* utf8 = pg_server_to_any(text, size, PG_UTF8);
  return {utf8, utf8 == text ? static_cast<std::size_t>(size) : std::strlen(utf8)};
}

}  // namespace

void Outcome::fail(const char* code, std::string_view text, std::string_view more, std::string_view advice) noexcept {
  kind = Kind::kFailed;
  copy_cut(sqlstate, code);
  copy_cut(message, text);
  copy_cut(detail, more);
  copy_cut(hint, advice);
}

void Outcome::set(std::string_view value) noexcept {
  // The size is checked first: palloc_extended returns NULL without memory, but raises for a size it never grants.
  if (value.size() >= MaxAllocSize) return fail("54000", "the result is larger than a value may be", {}, {});
  char* copy = static_cast<char*>(palloc_extended(value.size() + 1, MCXT_ALLOC_NO_OOM));
  if (copy == nullptr) return fail("53200", "out of memory", {}, {});
  if (!value.empty()) std::memcpy(copy, value.data(), value.size());
  copy[value.size()] = '\0';
  kind = Kind::kValue;
  data = copy;
  size = value.size();
}

std::string_view text_argument(FunctionCallInfoBaseData* fcinfo, int index) {
  return PG_ARGISNULL(index) ? std::string_view() : text_value(PG_GETARG_DATUM(index));
}

std::string_view text_value(std::size_t datum) {
  text* value = DatumGetTextPP(datum);
  return from_server(VARDATA_ANY(value), static_cast<int>(VARSIZE_ANY_EXHDR(value)));
}

std::string_view jsonb_argument(FunctionCallInfoBaseData* fcinfo, int index) {
  if (PG_ARGISNULL(index)) return {};
  Jsonb* value = PG_GETARG_JSONB_P(index);
  char* text = JsonbToCString(nullptr, &value->root, static_cast<int>(VARSIZE(value)));
  return from_server(text, static_cast<int>(std::strlen(text)));
}

bool interrupt_pending() noexcept { return INTERRUPTS_PENDING_CONDITION(); }

void obey_interrupt() { CHECK_FOR_INTERRUPTS(); }

void raise_if_failed(const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::kFailed) return;
  const char* code = outcome.sqlstate;
  ereport(ERROR, (errcode(MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4])),
                  errmsg_internal("%s", to_server(outcome.message)),
                  outcome.detail[0] != '\0' ? errdetail_internal("%s", to_server(outcome.detail)) : 0,
                  outcome.hint[0] != '\0' ? errhint("%s", to_server(outcome.hint)) : 0));
}

std::size_t return_text(FunctionCallInfoBaseData* fcinfo, const Outcome& outcome) {
  raise_if_failed(outcome);
  if (outcome.kind == Outcome::Kind::kNull) PG_RETURN_NULL();
  text* value = cstring_to_text(to_server(outcome.data));
  explicit_bzero(outcome.data, outcome.size);  // the copy may be of an opened secret
  PG_RETURN_TEXT_P(value);
}

std::size_t return_jsonb(FunctionCallInfoBaseData* fcinfo, const Outcome& outcome) {
  raise_if_failed(outcome);
  if (outcome.kind == Outcome::Kind::kNull) PG_RETURN_NULL();
  PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(to_server(outcome.data))));
}

std::size_t return_bytea(FunctionCallInfoBaseData* fcinfo, const Outcome& outcome) {
  raise_if_failed(outcome);
  if (outcome.kind == Outcome::Kind::kNull) PG_RETURN_NULL();
  PG_RETURN_BYTEA_P(cstring_to_text_with_len(outcome.data, static_cast<int>(outcome.size)));
}

}  // namespace cpi::pg

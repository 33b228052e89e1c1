// See agreement_cases.h. Numbers and dates have files of their own.
#include "unit/core/value/agreement_cases.h"

#include "core/value/type_oid.h"

namespace cpi::value::test {

namespace {

void add_texts(std::vector<AgreementCase>& cases) {
  const std::vector<std::string> texts = {"",       " ",           "a",        "abc",        "abcde",          "abcdef",
                                          "abcde ", "abcde      ", "abcde \t", "abcdef ",    "     ",          "      ",
                                          "äöüßé",  "äöüßéx",      "äöüßé  ",  "日本語テキ", "日本語テキスト", "👍👍👍👍👍",
                                          "a\nb",   "\\N",         "\"q\"",    "  a  "};
  const std::string letters = "abc  \t";
  cases.push_back({"Text", {kTextOid, -1, "text"}, {}, {}, texts, letters});
  cases.push_back({"Varchar", {kVarcharOid, -1, "character varying"}, {}, {}, texts, letters});
  cases.push_back({"VarcharOfFive", {kVarcharOid, 9, "character varying(5)"}, {}, {}, texts, ""});
  cases.push_back({"CharOfFive", {kBpcharOid, 9, "character(5)"}, {}, {}, texts, ""});
  cases.push_back({"CharOfOne", {kBpcharOid, 5, "character(1)"}, {}, {}, texts, ""});
  cases.push_back({"Bpchar", {kBpcharOid, -1, "bpchar"}, {}, {}, texts, letters});
  cases.push_back({"Boolean",
                   {kBoolOid, -1, "boolean"},
                   {},
                   {},
                   {"t",   "f",  "true", "false",  "TRUE",     "False", "tr",   "tru",       "truee", "y",    "n",
                    "yes", "no", "ye",   "on",     "off",      "o",     "of",   "offf",      "1",     "0",    "10",
                    "01",  "",   " ",    " true ", "\ttrue\n", "t rue", "ja",   "nein",      "fa",    "fals", "2",
                    "-1",  "oN", "OFF",  "Y",      "N",        "nope",  "yess", "true\u00a0"},
                   "truefalsyno10 TF"});
  cases.push_back({"Uuid",
                   {kUuidOid, -1, "uuid"},
                   {},
                   {},
                   {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                    "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
                    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
                    "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
                    "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
                    "a0eebc999c0b4ef8bb6d6bb9bd380a11}",
                    " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 ",
                    "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a112",
                    "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                    "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
                    "",
                    "{}",
                    "{",
                    "-",
                    "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
                    "{a0eebc999c0b4ef8bb6d6bb9bd380a11-}",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd38-0a11"},
                   "0123456789abcdefABCDEF-{} g"});
}

}  // namespace

std::vector<std::string> joined(std::initializer_list<std::vector<std::string>> parts) {
  std::vector<std::string> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<AgreementCase> agreement_cases() {
  std::vector<AgreementCase> cases;
  add_numbers(cases);
  add_texts(cases);
  add_dates(cases);
  return cases;
}

}  // namespace cpi::value::test

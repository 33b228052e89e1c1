#include "core/config/url.h"

#include <gtest/gtest.h>

#include <ostream>

namespace cpi::config {
namespace {

std::string parts_of(const ConnectionUrl& url) {
  std::string text = url.username + "|" + url.password + "|" + url.host + "|" + url.port + "|" + url.database;
  for (const auto& [key, value] : url.parameters) text += "|" + key + "=" + value;
  return text;
}

struct Accepted {
  const char* url;
  const char* parts;
  friend void PrintTo(const Accepted& accepted, std::ostream* out) { *out << accepted.url; }
};

class AcceptedUrl : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedUrl, IsTakenApartAndDecoded) {
  const Result<ConnectionUrl> url = parse_connection_url(GetParam().url);
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_EQ(parts_of(*url), GetParam().parts);
}

TEST_P(AcceptedUrl, MeansTheSameAsItsKeywordString) {
  const Result<ConnectionUrl> url = parse_connection_url(GetParam().url);
  ASSERT_TRUE(url.ok());
  const Result<ConnectionUrl> again = parse_connection_url(url->to_conninfo());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(parts_of(*again), parts_of(*url));
}

INSTANTIATE_TEST_SUITE_P(
    Urls, AcceptedUrl,
    testing::Values(Accepted{"postgresql://user:pass@host:5433/db", "user|pass|host|5433|db"},
                    Accepted{"postgres://user:pass@host/db", "user|pass|host|5432|db"},
                    Accepted{"postgresql://host", "||host|5432|"}, Accepted{"postgresql://host/", "||host|5432|"},
                    Accepted{"postgresql://user@host/db", "user||host|5432|db"},
                    Accepted{"postgresql://user:@host/db", "user||host|5432|db"},
                    Accepted{"postgresql://host:/db", "||host|5432|db"},
                    Accepted{"postgresql:///db?host=/run/postgresql", "||/run/postgresql|5432|db"},
                    Accepted{"postgresql://%2Frun%2Fpostgresql/db", "||/run/postgresql|5432|db"},
                    Accepted{"postgresql://u%40corp:p%40s%2Fs%23%25%3A%3F@h/d%20b", "u@corp|p@s/s#%:?|h|5432|d b"},
                    Accepted{"postgresql://u:p:q@h/d", "u|p:q|h|5432|d"},
                    Accepted{"postgresql://u:%C3%A4%e2%82%ac@h/d", "u|ä€|h|5432|d"},
                    Accepted{"postgresql://u:ä@h/d", "u|ä|h|5432|d"},
                    Accepted{"postgresql://u:p@[::1]/d", "u|p|::1|5432|d"},
                    Accepted{"postgresql://u:p@[2001:db8::1]:6543/d", "u|p|2001:db8::1|6543|d"},
                    Accepted{"postgresql://u:p@h/d?sslmode=require&connect_timeout=5",
                             "u|p|h|5432|d|sslmode=require|connect_timeout=5"},
                    Accepted{"postgresql://u:p@h/d?ssl=true", "u|p|h|5432|d|sslmode=require"},
                    Accepted{"postgresql://h/d?user=u&password=p%26q&port=6000", "u|p&q|h|6000|d"},
                    Accepted{"postgresql://u:p@h/d?application_name=my%20app", "u|p|h|5432|d|application_name=my app"},
                    Accepted{"postgresql://u.project:p@aws-0.pooler.supabase.com:6543/postgres",
                             "u.project|p|aws-0.pooler.supabase.com|6543|postgres"},
                    Accepted{"host=h port=6000 dbname=d user=u password=p", "u|p|h|6000|d"},
                    Accepted{"host = h  dbname= d", "||h|5432|d"},
                    Accepted{"host=h password='a b\\'c\\\\d' user=u", "u|a b'c\\d|h|5432|"},
                    Accepted{"host=h password=a\\ b", "|a b|h|5432|"},
                    Accepted{"password='://' host=h", "|://|h|5432|"}, Accepted{"password='' host=h", "||h|5432|"},
                    Accepted{"hostaddr=10.0.0.1 dbname=d target_session_attrs=read-write",
                             "|||5432|d|hostaddr=10.0.0.1|target_session_attrs=read-write"}));

struct Refused {
  const char* url;
  const char* message;  ///< a part of it
  const char* hint;     ///< a part of it
  friend void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.url; }
};

class RefusedUrl : public testing::TestWithParam<Refused> {};

TEST_P(RefusedUrl, IsRefusedWithWhatToMend) {
  const Result<ConnectionUrl> url = parse_connection_url(GetParam().url);
  ASSERT_FALSE(url.ok()) << parts_of(*url);
  EXPECT_EQ(url.error().code, Code::kInvalidUrl);
  EXPECT_NE(url.error().message.find(GetParam().message), std::string::npos) << url.error().message;
  EXPECT_NE(url.error().hint.find(GetParam().hint), std::string::npos) << url.error().hint;
}

TEST_P(RefusedUrl, NeverShowsItsPassword) {
  // Every password of the table holds one of these words.
  const Result<ConnectionUrl> url = parse_connection_url(GetParam().url);
  ASSERT_FALSE(url.ok());
  for (const std::string& text :
       {url.error().message, url.error().detail, url.error().hint, mask_url(GetParam().url)}) {
    EXPECT_EQ(text.find("geh"), std::string::npos) << text;
    EXPECT_EQ(text.find("eim"), std::string::npos) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Urls, RefusedUrl,
    testing::Values(
        Refused{"", "is empty", "postgresql://"}, Refused{"just text", "neither", "postgresql://"},
        Refused{"mysql://u:geh@h/d", "does not start with", "postgresql://"},
        Refused{"Postgresql://u:geh@h/d", "does not start with", "postgresql://"},
        Refused{"jdbc:postgresql://h/d", "does not start with", "jdbc:"},
        Refused{"postgresql+psycopg2://u:geh@h/d", "does not start with", "psycopg2"},
        Refused{"postgresql://u:geh@eim@h/d", "the password in the URL holds a raw \"@\"", "%40"},
        Refused{"postgresql://u:geh@@h/d", "the password in the URL holds a raw \"@\"", "%40"},
        Refused{"postgresql://u@corp:geheim@h/d", "the user name in the URL holds a raw \"@\"", "%40"},
        Refused{"postgresql://u:geh/eim@h/d", "the password in the URL holds a raw \"/\"", "%2F"},
        Refused{"postgresql://u:geh#eim@h/d", "the password in the URL holds a raw \"#\"", "%23"},
        Refused{"postgresql://u:geh?eim@h/d", "the password in the URL holds a raw \"?\"", "%3F"},
        Refused{"postgresql://u:geh%eim@h/d", "the password in the URL holds a raw \"%\"", "%25"},
        Refused{"postgresql://u:geheim%@h/d", "the password in the URL holds a raw \"%\"", "%25"},
        Refused{"postgresql://u:geheim%4@h/d", "the password in the URL holds a raw \"%\"", "%25"},
        Refused{"postgresql://u:geheim%zz@h/d", "the password in the URL holds a raw \"%\"", "%25"},
        Refused{"postgresql://u:geheim%00@h/d", "holds %00", "zero byte"},
        Refused{"postgresql://u:geheim%FF@h/d", "does not decode to UTF-8", "UTF-8"},
        Refused{"postgresql://u:geh@im/eim@h/d", "holds a raw \"@\"", "%40"},
        Refused{"postgresql://u:geh eim@h/d", "holds a raw blank", "%20"},
        Refused{"postgresql://u:geheim@h/d\n", "line break", "Remove"},
        Refused{"postgresql://u:geheim@h/d/e", "the database name in the URL holds a raw \"/\"", "%2F"},
        Refused{"postgresql://u:geheim@h/d#e", "holds a raw \"#\"", "%23"},
        Refused{"postgresql://u:geheim@h/d%", "the database name in the URL holds a raw \"%\"", "%25"},
        Refused{"postgresql://u:geheim@h:0/d", "port 0 is out of range", "65535"},
        Refused{"postgresql://u:geheim@h:70000/d", "port 70000 is out of range", "65535"},
        Refused{"postgresql://u:geheim@h:abc/d", "the port in the URL is no number", "65535"},
        Refused{"postgresql://u:geheim/d", "the port in the URL is no number", "%2F"},
        Refused{"postgresql://u:geheim@h1,h2/d", "several hosts", "one server"},
        Refused{"postgresql://u:geheim@h1:1,h2:2/d", "several hosts", "one server"},
        Refused{"host=h1,h2 dbname=d", "several hosts", "one server"},
        Refused{"host=h port=1,2", "several ports", "one server"},
        Refused{"postgresql://u:geheim@2001:db8::1/d", "more than one \":\"", "brackets"},
        Refused{"postgresql://u:geheim@[::1/d", "not closed", "["},
        Refused{"postgresql://u:geheim@[::1]x/d", "follows the IPv6 address", "["},
        Refused{"postgresql://u:geheim@h/d?sslmod=require", "\"sslmod\" is not allowed", "Did you mean \"sslmode\"?"},
        Refused{"postgresql://u:geheim@h/d?pgbouncer=true", "\"pgbouncer\" is not allowed", "Allowed are"},
        Refused{"postgresql://u:geheim@h/d?sslmode=requir", "sslmode cannot be", "Did you mean \"require\"?"},
        Refused{"postgresql://u:geheim@h/d?sslmode", "has no \"=\"", "name=value"},
        Refused{"postgresql://u:geheim@h/d?connect_timeout=soon", "connect_timeout cannot be", "seconds"},
        Refused{"postgresql://u:geheim@h/d?sslmode=require&sslmode=disable", "given twice", "once"},
        Refused{"host=h service=x", "\"service\" is not allowed", "Allowed are"},
        Refused{"host=h passfile=/etc/passwd", "\"passfile\" is not allowed", "Allowed are"},
        Refused{"host=h options=-csearch_path=x", "\"options\" is not allowed", "Allowed are"},
        Refused{"host=h password=geh eim", "a word in the connection string has no \"=\"", "single quotes"},
        Refused{"host=h password='geheim", "not closed", "single quote"},
        Refused{"host=h host=i", "given twice", "once"}, Refused{"host=h port=x", "no number", "65535"}));

TEST(ConnectionUrl, LongerThanEightKilobytesIsRefused) {
  EXPECT_FALSE(parse_connection_url("postgresql://h/" + std::string(9000, 'x')).ok());
}

struct Masked {
  const char* url;
  const char* masked;
  friend void PrintTo(const Masked& masked, std::ostream* out) { *out << masked.url; }
};

class MaskedUrl : public testing::TestWithParam<Masked> {};

TEST_P(MaskedUrl, ShowsEverythingButThePassword) { EXPECT_EQ(mask_url(GetParam().url), GetParam().masked); }

INSTANTIATE_TEST_SUITE_P(Urls, MaskedUrl,
                         testing::Values(Masked{"postgresql://u:p@h:5432/d", "postgresql://u:***@h:5432/d"},
                                         Masked{"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
                                         Masked{"postgresql://h:5432/d", "postgresql://h:5432/d"},
                                         Masked{"postgresql://u:p@h/d?sslmode=require",
                                                "postgresql://u:***@h/d?sslmode=require"},
                                         Masked{"postgresql://h/d?user=u&password=p&sslmode=require",
                                                "postgresql://h/d?user=u&password=***&sslmode=require"},
                                         Masked{"postgresql://u:p@ss@h/d", "postgresql://u:***@h/d"},
                                         Masked{"postgresql://u:p/s@h/d", "postgresql://u:***@h/d"},
                                         Masked{"host=h password=p user=u", "host=h password=*** user=u"},
                                         Masked{"host=h password = 'p q\\'r' user=u", "host=h password = *** user=u"},
                                         Masked{"host=h PASSWORD=p user=u", "host=h PASSWORD=***"},
                                         Masked{"host=h password='p q", "host=h password=***"}, Masked{"", ""},
                                         Masked{"password", "password"}));

}  // namespace
}  // namespace cpi::config

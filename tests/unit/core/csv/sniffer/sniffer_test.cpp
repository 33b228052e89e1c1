#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/csv/sniffer/pieces.h"
#include "unit/core/csv/corpus.h"

namespace cpi::csv {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

Sniffed sniffed(const std::string& text) {
  Result<Sniffed> result = sniff(text, {}, {});
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? *result : Sniffed{};
}

std::string rows(int count, const std::string& row) {
  std::string out;
  for (int i = 0; i < count; ++i) out += std::to_string(i) + row + "\n";
  return out;
}

struct Sample {
  const char* why;
  std::string text;
  std::string delimiter;
  std::string quote;
  std::string escape;
  int header_rows;
  int skip_rows;
};

class Sniffer : public testing::TestWithParam<Sample> {};

TEST_P(Sniffer, FindsTheDialect) {
  const Sample& sample = GetParam();
  const Sniffed found = sniffed(sample.text);
  EXPECT_EQ(found.dialect.delimiter, sample.delimiter) << sample.why;
  EXPECT_EQ(found.dialect.quote, sample.quote) << sample.why;
  EXPECT_EQ(found.dialect.escape, sample.escape) << sample.why;
  EXPECT_EQ(found.dialect.header_rows, sample.header_rows) << sample.why;
  EXPECT_EQ(found.dialect.skip_rows, sample.skip_rows) << sample.why;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Sniffer,
    testing::Values(
        Sample{"RFC 4180", "id,name,day\n1,\"Smith, Jo\",2024-01-02\n2,Ann,2024-01-03\n", ",", "\"", "", 1, 0},
        Sample{"a German export with decimal commas", "Nr;Name;Preis\n1;Müller;12,50\n2;Groß;1.234,00\n3;Ott;0,99\n",
               ";", "\"", "", 1, 0},
        Sample{"tabs, with commas in the texts", "id\ttext\n1\tone, two\n2\tthree\n3\tfour, five, six\n", "\t", "\"",
               "", 1, 0},
        Sample{"bars", "id|name|qty\n1|a|5\n2|b|7\n", "|", "\"", "", 1, 0},
        Sample{"two bars", "id||name||qty\n1||a||5\n2||b||7\n", "||", "\"", "", 1, 0},
        Sample{"comma and blank", "id, name, qty\n1, \"a, b\", 5\n2, \"c, d\", 7\n3, \"x\", 8\n", ", ", "\"", "", 1, 0},
        Sample{"carets", "id^name^qty\n1^a^5\n2^b^7\n", "^", "\"", "", 1, 0},
        Sample{"apostrophes as quotes", "id,name,qty\n1,'a, b',5\n2,'c, d',7\n3,'it''s',8\n", ",", "'", "", 1, 0},
        Sample{"apostrophes in texts are none", "id,name\n1,it's\n2,Ann's\n3,Jo\n", ",", "\"", "", 1, 0},
        Sample{"backslash as escape", "id,name,qty\n1,\"say \\\"hi\\\", Jo\",5\n2,\"x\",7\n", ",", "\"", "\\", 1, 0},
        Sample{"inches: no quotes at all", "id;size;name\n1;5\" pipe;a\n2;7\" pipe;b\n3;9\" pipe;c\n", ";", "", "", 1,
               0},
        Sample{"no header", "1,Ann,2024-01-02\n2,Bob,2024-01-03\n3,Cid,2024-01-04\n", ",", "\"", "", 0, 0},
        Sample{"remarks before the table",
               "Report of sales\nmade 2024-01-05 by Jo\n\nid;name;qty\n1;a;5\n2;b;7\n3;c;9\n4;d;10\n", ";", "\"", "", 1,
               3},
        Sample{"one column", "name\nAnn\nBob\n", ",", "\"", "", 1, 0},
        Sample{"times are no table of colons", "day,time,what\n2024-01-02,12:30:00,a\n2024-01-03,13:30:00,b\n", ",",
               "\"", "", 1, 0},
        Sample{"CRLF", "id;name\r\n1;a\r\n2;b\r\n", ";", "\"", "", 1, 0},
        Sample{"CR", "id;name\r1;a\r2;b\r", ";", "\"", "", 1, 0},
        Sample{"semicolon and blank", "id; name; qty\n1; a; 5\n2; b; 7\n", "; ", "\"", "", 1, 0},
        Sample{"blanks", "id name qty\n1 a 5\n2 b 7\n3 c 9\n", " ", "\"", "", 1, 0},
        Sample{"tildes", "id~name~qty\n1~a~5\n2~b~7\n", "~", "\"", "", 1, 0},
        Sample{"unit separators",
               "id\x1Fname\x1Fqty\n1\x1F"
               "a\x1F"
               "5\n2\x1F"
               "b\x1F"
               "7\n",
               "\x1F", "\"", "", 1, 0},
        Sample{"a header of two rows, the second with units",
               "weight,height,day\nkg,cm,UTC\n70,180,2024-01-02\n80,190,2024-01-03\n75,185,2024-01-04\n", ",", "\"", "",
               2, 0},
        Sample{"a header that is said twice", "id,name\nid,name\n1,a\n2,b\n3,c\n", ",", "\"", "", 2, 0},
        Sample{"a preamble with the table's own delimiters",
               "Sales 2024,,,\n,,,\nid,name,qty,day\n1,a,5,2024-01-01\n2,b,7,2024-01-02\n3,c,9,2024-01-03\n", ",", "\"",
               "", 1, 2},
        Sample{"a delimiter at the end of each row but the header", "id,name,qty\n1,a,5,\n2,b,7,\n3,c,9,\n", ",", "\"",
               "", 1, 0},
        Sample{"a control character that nobody would list", "id\001name\001qty\n1\001A b\0015\n2\001c\0017\n", "\x01",
               "\"", "", 1, 0},
        Sample{"any character that stands equally often on all lines", "id$name$qty\n1$A b$5\n2$c$7\n", "$", "\"", "",
               1, 0},
        Sample{"any characters that do", "id=>name=>qty\n1=>A b=>5\n2=>c=>7\n", "=>", "\"", "", 1, 0},
        Sample{"a character beyond ASCII", "id§name§qty\n1§A b§5\n2§c§7\n", "§", "\"", "", 1, 0},
        Sample{"bar, tilde, bar", "id|~|name|~|born\n1|~|Ada|~|1815\n2|~|Jo|~|1906\n", "|~|", "\"", "", 1, 0},
        Sample{"caret, bar, caret", "id^|^name^|^born\n1^|^Ada^|^1815\n2^|^Jo^|^1906\n", "^|^", "\"", "", 1, 0},
        Sample{"two semicolons", "id;;name;;born\n1;;Ada;;1815\n2;;Jo;;1906\n", ";;", "\"", "", 1, 0},
        Sample{"two tabs", "id\t\tname\t\tborn\n1\t\tAda\t\t1815\n2\t\tJo\t\t1906\n", "\t\t", "\"", "", 1, 0},
        Sample{"amounts with a sign are no delimiter", "1;$5\n2;$7\n3;$9\n", ";", "\"", "", 0, 0},
        Sample{"one column of numbers with decimal commas", "preis\n1,50\n2,75\n3,00\n", ";", "\"", "", 1, 0},
        Sample{"one column of times", "time\n10:00\n11:30\n", ",", "\"", "", 1, 0},
        Sample{"one column of times without a name", "2024-01-02 10:00:00\n2024-01-02 11:30:00\n", ",", "\"", "", 0, 0},
        Sample{"one column of texts of two words", "name\nAda Lovelace\nBob Smith\nJo Hopper\n", ",", "\"", "", 1, 0},
        Sample{"units in one column are none of blanks", "id,amount\n1,17 EUR\n2,18 EUR\n3,19 EUR\n", ",", "\"", "", 1,
               0},
        Sample{"a first row of missing values is no header",
               "Country,GDP,Pop\nUnknown,n/a,n/a\nGermany,4.2,83\nItaly,2.1,59\n", ",", "\"", "", 1, 0},
        Sample{"years name columns", "Country;2019;2020;2021\nGermany;100;200;300\nItaly;10;20;30\n", ";", "\"", "", 1,
               0},
        Sample{"months name columns", "id,2023-01,2023-02\n1,5,6\n2,7,8\n", ",", "\"", "", 1, 0},
        Sample{"days name columns", "Country,1/22/20,1/23/20\nItaly,0,1\nSpain,2,3\n", ",", "\"", "", 1, 0},
        Sample{"a header alone, with a control character", "id\001name\001born\n", "\001", "\"", "", 1, 0},
        Sample{"years below a year are rows", "Ada,1950,1960\nBob,1951,1970\nCid,1949,1980\n", ",", "\"", "", 0, 0},
        Sample{"a header before rows that do not fit",
               "id,name,qty,day,z\n1,a,2,2024-01-01,q,1,2\n1,a,2,2024-01-01,q,1,2,3\n2,a,3,2024-01-01,q\n3,b,4,2024-01-"
               "01,r\n"
               "4,b,4,2024-01-01,r\n",
               ",", "\"", "", 1, 0},
        Sample{"a preamble padded to the table's width, above a line of totals",
               "Bericht 2024;;;\nvom 01.02.2024;;;\n;;;\nNr;Name;Datum;Betrag\n1;Müller;01.02.2024;1.000,00\n"
               "2;Maier;02.02.2024;338,66\nSumme;;;1.338,66\n",
               ";", "\"", "", 1, 3},
        Sample{"two lines before a table with a delimiter of its own",
               "Export of people\nby Jo\n" + rows(20, "$Ada Byron$1.5") + rows(20, "$Jo$2.5"), "$", "\"", "", 0, 2},
        Sample{"what the first line says to Excel", "sep=;\nid;name\n1;a,b\n2;b,c\n", ";", "\"", "", 1, 1},
        Sample{"a header that is said again further down", "id;name\n1;a\n2;b\n3;c\nid;name\n4;d\n5;e\n", ";", "\"", "",
               1, 0},
        Sample{"comments are no preamble", "# made by hand\nid,name,qty\n# and here\n1,a,5\n2,b,7\n", ",", "\"", "", 1,
               0}));

TEST(Sniffer, NamesCertaintyAndRunnerUp) {
  const Sniffed found = sniffed("id;price\n1;1,5\n2;2,5\n3;3,5\n");
  EXPECT_EQ(found.delimiter.value, ";");
  EXPECT_EQ(found.delimiter.runner_up, ",");
  EXPECT_GT(found.delimiter.certainty, 0.5);
  EXPECT_LT(found.delimiter.certainty, 1.0);
  EXPECT_THAT(found.columns, ElementsAre("id", "price"));
}

TEST(Sniffer, SaysWhatTheFileDoesNotShow) {
  const Sniffed plain = sniffed("id,name\n1,a\n2,b\n");
  EXPECT_TRUE(plain.delimiter.seen);
  EXPECT_FALSE(plain.quote.seen);
  EXPECT_FALSE(plain.escape.seen);
  EXPECT_FALSE(plain.encoding.seen) << "plain ASCII is written alike in many encodings";
  EXPECT_TRUE(sniffed("id,name\n1,\"a\"\"b\"\n").escape.seen);
  EXPECT_FALSE(sniffed("name\nAnn\nBob\n").delimiter.seen);
}

TEST(Sniffer, FindsCommentsBlanksAndTrailingDelimiters) {
  EXPECT_EQ(sniffed("id,name,qty\n# remark\n1,a,5\n2,b,7\n# another, one\n3,c,9\n").dialect.comment, "#");
  EXPECT_EQ(sniffed("#id,name,qty\n1,a,5\n2,b,7\n").dialect.comment, "") << "a header may begin with it";
  EXPECT_TRUE(sniffed("id,name,qty\n1,  \"a, b\" ,5\n2, \"c, d\",7\n3,\t\"x\",8\n").dialect.trim);
  EXPECT_TRUE(sniffed("id,name,qty,\n1,a,5,\n2,b,7,\n").trailing_delimiter);
  EXPECT_FALSE(sniffed("1,a,\n2,b,\n3,c,\n").trailing_delimiter) << "without a header it may be a column";
}

TEST(Sniffer, FindsWhereTheTableEnds) {
  EXPECT_EQ(sniffed("id,name,qty\n1,a,5\n2,b,7\n\nmade by Jo\n").dialect.stop_at, "\n");
  EXPECT_EQ(sniffed("id,name,qty\n1,a,5\n2,b,7\nid,name,qty\n8,x,1\n").dialect.stop_at, "id,name,qty");
  EXPECT_EQ(sniffed("id,name,qty\n1,a,5\n2,b,7\nTotal,,12\n").dialect.stop_at, "Total");
  EXPECT_EQ(sniffed("id;name\n1;a\n2;b\n3;c\nid;name\n4;d\n5;e\n").dialect.stop_at, "id;name");
  EXPECT_EQ(sniffed("a,1\nb,2\nc,3\na,1\nd,4\n").dialect.stop_at, "") << "a row twice is no header";
  EXPECT_EQ(sniffed("Ann,Rome\nBob,Oslo\nAnn,Rome\n").dialect.stop_at, "") << "nor is it surely one of words";
  EXPECT_EQ(sniffed("shop;city;n\nSpar;Lyon;3\nAldi;Rome;5\nTotal;;12\n").dialect.stop_at, "Total");
  EXPECT_EQ(sniffed("shop;city;n\nSpar;Lyon;3\nAldi;Rome;5\nTotal;8\n").dialect.stop_at, "Total");
  EXPECT_EQ(sniffed("shop;city;n\nSpar;Lyon;3\nAldi;Rome;5\nTotal;Paris;4\n").dialect.stop_at, "") << "a row";
  EXPECT_EQ(sniffed("id,name,qty\n1,a,5\n\n2,b,7\n").dialect.stop_at, "") << "rows that go on behind an empty line";
}

TEST(Sniffer, IsNotCertainWhenTheHeaderMayBeDamaged) {
  const std::string rows = "1,a,5\n2,b,7\n3,c,9\n4,d,2\n";
  for (const char* header : {"id,,name,qty\n", "idname,qty\n"}) {
    EXPECT_LT(sniffed(header + rows).header.certainty, kFairlyCertain) << header;
  }
  EXPECT_GT(sniffed("id,name,qty\n" + rows).header.certainty, kFairlyCertain);
  EXPECT_GT(sniffed("made by Jo\n" + rows).header.certainty, kFairlyCertain) << "that is a remark";
}

TEST(Sniffer, ALineForExcelIsNoHeader) {
  Known known;
  known.skip_rows = 0;
  Result<Sniffed> found = sniff("sep=;\nid;name\n1;a\n", {}, {}, known);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(doubt(*found, known).value().hint, HasSubstr("\"skiprows\" to 1"));
  known.skip_rows.reset();
  known.quote = ";";
  EXPECT_TRUE(sniff("sep=;\nid,name\n1,a\n", {}, {}, known).ok()) << "a delimiter that is the quote";
  EXPECT_EQ(sniffed("sep=x,name\n1,a\n2,b\n").dialect.skip_rows, 0) << "a name that begins so";
}

TEST(Sniffer, KeepsToWhatIsKnown) {
  Known known;
  known.delimiter = ",";
  known.header_rows = 0;
  Result<Sniffed> found = sniff("id;price\n1;1,5\n2;2,5\n", {}, {}, known);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->dialect.delimiter, ",");
  EXPECT_EQ(found->dialect.header_rows, 0);
  known.encoding = "no-such";
  EXPECT_EQ(sniff("a,b\n", {}, {}, known).error().code, Code::kUnknownEncoding);
}

TEST(Sniffer, DoubtsWhatFitsAlike) {
  const Sniffed clear = sniffed("id;name;qty\n1;a;5\n2;b;7\n");
  EXPECT_FALSE(doubt(clear, {}).has_value());
  const Sniffed unclear = sniffed("a,b;c\nd,e;f\ng,h;i\n");
  const std::optional<Error> error = doubt(unclear, {});
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, Code::kDialectUnclear);
  EXPECT_THAT(error->hint, HasSubstr("set \"delimiter\" to"));
  Known known;
  known.delimiter = ",";
  EXPECT_FALSE(doubt(unclear, known).has_value()) << "what is known is not doubted";
}

TEST(Sniffer, OneColumnIsToldAndRefusedWhereSomethingRecurs) {
  EXPECT_THAT(sniffed("name\nAnn\nBob\n").warnings, ElementsAre(HasSubstr("set \"delimiter\"")));
  EXPECT_LT(sniffed("preis\n1,50\n2,75\n").delimiter.certainty, kFairlyCertain);
  EXPECT_FALSE(doubt(sniffed("2024-01-02\n2024-01-03\n"), {})) << "dates are one column";
  for (const char* text : {"id/name/born\n1/Ada/1815\n2/Jo/1906\n", "ada@x.org\nbob@y.org\ncid@z.com\n",
                           "name\nLovelace, Ada\nHopper, Jo\n", "Ada Lovelace\nBob Smith\nJo Hopper\n"}) {
    const std::optional<Error> error = doubt(sniffed(text), {});
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_EQ(error->code, Code::kDialectUnclear);
    EXPECT_THAT(error->message, HasSubstr("one column")) << text;
  }
}

TEST(Sniffer, ColumnsOfFixedWidthsAreRefused) {
  for (const char* text : {"id name  born\n1  Zoë   1815\n2  Müßig 1906\n",
                           "id   name        qty\n1    Ada           5\n22   Jo H         17\n333  Bob           9\n",
                           "id   created_at  deleted_at\n123..2010-12-20..2018-04-01\n456..2011-01-29......-.....\n"}) {
    const std::optional<Error> error = doubt(sniffed(text), {});
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_THAT(error->message, HasSubstr("fixed widths")) << text;
  }
}

TEST(Sniffer, LinesBeforeTheTableAreToldAndDoubtedWhenTheyMayBeOne) {
  EXPECT_THAT(sniffed("Report\nof 2024\n\nid;name;qty\n1;a;5\n2;b;7\n").warnings,
              ElementsAre("3 lines before the table are ignored, the first: \"Report\""));
  EXPECT_LT(sniffed("a,b,c\nfirst,second,third,fourth\n1,2,3,4\n").skip_rows.certainty, kFairlyCertain);
  EXPECT_LT(
      sniffed("Client,1,Foo\nAccount,2,HSBC,1-0,X\nAccount,3,HSBC,2-0,Y\nAccount,4,CITI,3-0,Z\n").skip_rows.certainty,
      kFairlyCertain);
  const Sniffed pairs = sniffed("Report;Sales\nDate;2024-01-01\nBy;Jo\n\nid;name;qty\n" + rows(20, ";a;5"));
  EXPECT_FALSE(doubt(pairs, {})) << "what reports begin with";
  EXPECT_EQ(pairs.skip_rows.value, "4");
  EXPECT_LT(pairs.skip_rows.certainty, kFairlyCertain);
  const std::optional<Error> header = doubt(sniffed("id,name,x\n1,a\n2,b\n3,c\n"), {});
  ASSERT_TRUE(header.has_value());
  EXPECT_THAT(header->message, HasSubstr("\"id,name,x\" may be its header"));
  for (const std::string& text :
       {"id,name,x\n" + rows(100, ",a,2") + rows(300, ",b,2,2024-01-01,z"),
        "id,name,x\n" + rows(20, ",a,2") + "\nid,name,x,day,z\n" + rows(60, ",b,2,2024-01-01,z")}) {
    const std::optional<Error> error = doubt(sniffed(text), {});
    ASSERT_TRUE(error.has_value());
    EXPECT_THAT(error->message, HasSubstr("two tables"));
    EXPECT_THAT(error->hint, HasSubstr("\"skiprows\" to 0"));
  }
}

TEST(Sniffer, IsNotCertainOfAHeaderOfTwoRowsUnlessTheSecondIsPlainlyOne) {
  const std::string data = "Germany,4.2,83\nFrance,3.0,68\nItaly,2.1,59\n";
  EXPECT_LT(sniffed("Country,GDP,Pop\nUnknown,low,high\n" + data).header.certainty, kFairlyCertain);
  EXPECT_GT(sniffed("Country,GDP,Pop\n,EUR,%\n" + data).header.certainty, kFairlyCertain);
  EXPECT_GT(sniffed("Country,2023,\n,GDP,Pop\n" + data).header.certainty, 0);
  EXPECT_LT(sniffed("2019;2020;2021\n5;6;7\n8;9;1\n").header.certainty, kFairlyCertain);
  EXPECT_LT(sniffed("Country;2019;2020\nGermany;100;200\nItaly;10;20\n").header.certainty, kFairlyCertain);
}

TEST(Sniffer, LooksFurtherDownTheBytesAtHand) {
  const Sniffed found = sniffed("id;name;x\n" + rows(450, ";a;b") + rows(1050, ",a,b"));
  EXPECT_LT(found.delimiter.certainty, kFairlyCertain);
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("further down")));
  EXPECT_GT(sniffed("id;name;x\n" + rows(1500, ";a;b")).delimiter.certainty, kFairlyCertain);
}

TEST(Sniffer, IsNotCertainOfADoubledDelimiterWhereAColumnMayBeEmpty) {
  EXPECT_LT(sniffed("id;;name\n1;;a\n2;;b\n").delimiter.certainty, kFairlyCertain);
  EXPECT_LT(sniffed("1,50\n2,75\n3,00\n").delimiter.certainty, kFairlyCertain) << "these may be decimals";
}

TEST(Sniffer, FindsCodePagesOfDosAndWideCharactersOfOtherScripts) {
  // "Müller;Größe;Köln" in code page 850, where ü is 0x81, ö 0x94, ß 0xE1.
  EXPECT_EQ(sniffed("Name;Gr\x94\xE1"
                    "e;Ort\nM\x81ller;5;K\x94ln\nJ\x84ger;7;N\x81rnberg\n")
                .encoding.value,
            "cp850");
  // "имя;город" in UTF-16 without a byte order mark: zero bytes in the delimiters only.
  std::string cyrillic;
  for (const char16_t unit : std::u16string_view(u"имя;город\nИван;Москва\nАнна;Псков\nОльга;Тверь\n")) {
    cyrillic += static_cast<char>(unit & 0xFF);
    cyrillic += static_cast<char>(unit >> 8);
  }
  EXPECT_EQ(sniffed(cyrillic).encoding.value, "utf-16le");
}

TEST(Sniffer, FindsOtherCodePagesByTheWordsTheyMake) {
  // Kraków, Łódź, Gdańsk, Żółć, Święta, gęś in code page 852.
  EXPECT_EQ(sniffed("id;miasto\n1;Krak\xA2w\n2;\x9D\xA2"
                    "d\xAB\n3;Gda\xE4sk\n4;\xBD\xA2\x88\x86\n5;\x97wi\xA9ta\n6;g\xA9\x98\n")
                .encoding.value,
            "cp852");
  // Москва, Анна, Тверь in code page 866.
  EXPECT_EQ(
      sniffed("id;gorod\n1;\x8C\xAE\xE1\xAA\xA2\xA0\n2;\x80\xAD\xAD\xA0\n3;\x92\xA2\xA5\xE0\xEC\n").encoding.value,
      "cp866");
  // Αθήνα, Γιώργος, Μαρία in code page 737.
  EXPECT_EQ(sniffed("id;onoma\n1;\x80\x9F\xE3\xA4\x98\n2;\x82\xA0\xE9\xA8\x9A\xA6\xAA\n3;\x8B\x98\xA8\xE5\x98\n")
                .encoding.value,
            "cp737");
  // Müller, Köln, Größe, Jürgen of a Macintosh.
  EXPECT_EQ(sniffed("id;Name\n1;M\x9Fller\n2;K\x9Aln\n3;Gr\x9A\xA7"
                    "e\n4;J\x9Frgen\n")
                .encoding.value,
            "macintosh");
  EXPECT_EQ(sniffed("id;name\n1;caf\xE9\n").encoding.value, "windows-1252") << "what many read alike";
}

TEST(Sniffer, IsNotCertainOfACodePageByFewLetters) {
  for (const char* text :
       {"id;name\n1;M\x81ller\n2;Gr\x94\xE1"
        "e\n",
        "id;s\n1;\x82\xB3\x82\xAD\x82\xE7\n",
        "id;x\n1;\xD1\xE0\xED\xEA\xF2-\xCF\xE5\xF2\xE5\xF0\xE1\xF3\xF0\xE3\n2;\xCC\xEE\xF1\xEA\xE2\xE0\n"}) {
    EXPECT_LT(sniffed(text).encoding.certainty, kFairlyCertain) << text;
  }
  EXPECT_EQ(sniffed("id;x\n1;\xA8Qu\x82?\n2;M\xA0laga\n3;ni\xA4o\n").encoding.value, "cp850") << "¿ before a word";
}

TEST(Sniffer, FindsEncodingsThatAreAsciiBytes) {
  const Choice japanese = sniffed("id,name\n1,\x1B$BEl5~\x1B(B\n2,\x1B$BBg:e\x1B(B\n").encoding;
  EXPECT_EQ(japanese.value, "iso-2022-jp");
  EXPECT_TRUE(japanese.seen);
  const Choice escapes = sniffed("id,name\n1,\x1B[1mx\n").encoding;
  EXPECT_TRUE(escapes.seen);
  EXPECT_LT(escapes.certainty, kFairlyCertain);
}

TEST(Sniffer, FindsWideCharactersOfEastAsia) {
  const std::u32string_view text = U"id;이름\n1;가나다\n2;김철수\n3;가격 가나\n4;東京\n";
  std::string utf16;
  std::string utf32;
  for (const char32_t c : text) {
    for (int byte = 0; byte < 4; ++byte) {
      const char value = static_cast<char>(c >> (8 * byte) & 0xFF);
      utf32 += value;
      if (byte < 2) utf16 += value;
    }
  }
  EXPECT_EQ(sniffed(utf16).encoding.value, "utf-16le");
  EXPECT_EQ(sniffed(utf32).encoding.value, "utf-32le");
}

TEST(Sniffer, FindsTheEncoding) {
  EXPECT_EQ(sniffed("\xEF\xBB\xBFid,name\n1,a\n").encoding.value, "utf-8");
  EXPECT_EQ(sniffed("id,name\n1,Jos\xC3\xA9\n").encoding.value, "utf-8");
  EXPECT_EQ(sniffed("id;Stra\xDF"
                    "e;Gr\xF6\xDF"
                    "e\n1;Hauptstra\xDF"
                    "e;gro\xDF\n2;M\xFC"
                    "hlweg;klein und sch\xF6n\n")
                .encoding.value,
            "windows-1252");
  EXPECT_EQ(sniffed("\xFF\xFEi\0d\0;\0n\0\n\0001\0;\0a\0\n\0"s).encoding.value, "utf-16le");
  EXPECT_EQ(sniffed("i\0d\0;\0n\0\n\0001\0;\0a\0\n\0002\0;\0b\0\n\0"s).encoding.value, "utf-16le");
  EXPECT_EQ(sniffed("\0i\0d\0;\0n\0\n\0001\0;\0a\0\n\0002\0;\0b\0\n"s).dialect.delimiter, ";");
}

TEST(Sniffer, AByteOrderMarkWinsOverWhatIsSaidInEveryPiece) {
  std::string wide = "\xFF\xFE";
  for (const char byte : "id;name\n" + rows(20000, ";\"a; b\"")) wide += {byte, '\0'};
  Known known;
  known.encoding = "utf-8";
  const Result<Sniffed> found = sniff(pieces_of(wide, false), known);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->encoding.value, "utf-16le");
  EXPECT_EQ(found->dialect.delimiter, ";");
  EXPECT_EQ(found->rows_fitting, found->rows_seen);
}

TEST(Sniffer, FewBadBytesDoNotMakeUtf8AnotherEncoding) {
  std::string text = "id;name;city\n";
  for (int i = 0; i < 30; ++i) text += std::to_string(i) + ";Jos\xC3\xA9 M\xC3\xBCller;K\xC3\xB6ln\n";
  const Choice whole = sniffed(text).encoding;
  EXPECT_EQ(whole.value, "utf-8");
  for (const char* bad : {"31;Ren\xE9;Nice\n", "31;Ren\xC3;Nice\n", "31;\x80uro;Nice\n"}) {
    const Choice damaged = sniffed(text + bad + "32;Jo;Rom\n").encoding;
    EXPECT_EQ(damaged.value, "utf-8");
    EXPECT_LT(damaged.certainty, whole.certainty);
    EXPECT_GE(damaged.certainty, kFairlyCertain);
  }
  std::string other = "id;name\n";
  for (int i = 0; i < 30; ++i) other += std::to_string(i) + ";Ren\xE9 M\xFCller\n";
  EXPECT_EQ(sniffed(other + "31;Jos\xC3\xA9\n").encoding.value, "windows-1252") << "one valid sequence is chance";
}

TEST(Sniffer, RefusesWhatIsNoTable) {
  EXPECT_EQ(sniff("", {}, {}).error().code, Code::kInvalidHeader);
  EXPECT_EQ(sniff(" \n\n", {}, {}).error().code, Code::kInvalidHeader);
  std::string binary = "PK\x03\x04";
  for (int i = 0; i < 2000; ++i) binary += static_cast<char>(i * 7919 % 256 * (i % 3));
  EXPECT_EQ(sniff(binary, {}, {}).error().code, Code::kUnknownEncoding);
}

TEST(Sniffer, LooksAtMiddleAndEndToo) {
  // The beginning alone would be a table of commas as well.
  std::string beginning = "a,b;c,d\n";
  std::string rest;
  for (int i = 0; i < 50; ++i) beginning += "x,y;" + std::to_string(i) + ",z\n";
  for (int i = 0; i < 300; ++i) rest += "text without;" + std::to_string(i) + "\n";
  Result<Sniffed> found = sniff(beginning, rest, rest);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->dialect.delimiter, ";");
}

TEST(Sniffer, GivesAConfigToPaste) {
  EXPECT_EQ(config_snippet(sniffed("id,name\n1,a\n2,b\n")), "");
  EXPECT_EQ(config_json(sniffed("id,name\n1,a\n2,b\n")), "{}");
  EXPECT_EQ(config_json(sniffed("id;name\n1;a\n2;b\n")), "{\"delimiter\":\";\"}");
  EXPECT_EQ(config_snippet(sniffed("1\tAnn\n2\tBob\n3\tCid\n")), "defaults:\n  delimiter: \"\\t\"\n  header: false\n");
}

TEST(Sniffer, FindsCommasInThePublicFilesThatHaveThem) {
  const std::filesystem::path folder = shared_data();
  CPI_SKIP_WITHOUT(folder);
  int files = 0;
  for (const char* collection :
       {"csv-spectrum/csvs", "ourairports", "northwind", "country-codes", "gtfs-sample", "fivethirtyeight"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / collection)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".csv" && extension != ".txt")) continue;
      const std::string text = contents(entry.path());
      if (text.find(',') == std::string::npos) continue;
      SCOPED_TRACE(entry.path().string());
      const Result<Sniffed> found = sniff(pieces_of(text, true));
      ASSERT_TRUE(found.ok()) << found.error().message;
      EXPECT_EQ(found->dialect.delimiter, ",");
      EXPECT_EQ(found->dialect.header_rows, 1);
      EXPECT_EQ(found->dialect.skip_rows, 0);
      ++files;
    }
  }
  EXPECT_GT(files, 30);
}

/// What is not the default in the public files; every other .csv and .tsv there is read by the defaults.
const std::map<std::string, std::string> kUnusual = {
    {"csv-spectrum/csvs/location_coordinates.csv", R"({"quote":""})"},  // minutes and seconds: quotes are text
    {"csv-test-data/csv/bad-header-more-fields.csv", R"({"header":false,"skiprows":1})"},
    {"csv-test-data/csv/bad-missing-quote.csv", R"({"quote":""})"},
    {"csv-test-data/csv/bad-unescaped-quote.csv", R"({"quote":""})"},
    {"fivethirtyeight/avengers/avengers.csv", R"({"encoding":"windows-1252"})"},
    {"papaparse/long-sample.csv", R"({"header":false})"},
    {"rust-csv/smallpop-colon.csv", R"({"delimiter":":"})"},
    {"rust-csv/smallpop-no-headers.csv", R"({"header":false})"},
    {"rust-csv/strange.csv", R"({"delimiter":";","escape":"\\","header":false,"comment":"#"})"},
    {"rust-csv/uspop-latin1.csv", R"({"encoding":"windows-1252"})"},
    {"univocity/csv/essential-dos.csv", R"({"skiprows":3,"comment":"#","trim":true})"},
    {"univocity/csv/essential-mac.csv", R"({"skiprows":3,"comment":"#","trim":true})"},
    {"univocity/csv/essential.csv", R"({"skiprows":3,"comment":"#","trim":true})"},
    {"univocity/csv/iterating_test.csv", R"({"delimiter":", "})"},
    {"univocity/csv/test.csv", R"({"quote":"","header":false})"},
    {"univocity/examples/bean_test.tsv", R"({"delimiter":"\t","quote":""})"},
    {"univocity/examples/escape.csv", "doubtful"},  // two lines of one column
    {"univocity/examples/european.csv", R"({"delimiter":";","escape":"\\"})"},
    {"univocity/examples/example.csv", R"({"comment":"#"})"},
    {"univocity/examples/example.tsv", R"({"delimiter":"\t","quote":"'","comment":"#"})"},
    {"univocity/examples/master_detail.tsv", R"({"delimiter":"\t"})"},
    {"univocity/examples/multi_schema.csv", R"({"header":false,"skiprows":1})"},
    {"univocity/issues/github_1/input.csv", R"({"skiprows":1})"},
    {"univocity/issues/github_7/input.csv", R"({"comment":"#"})"},
    {"univocity/issues/ticket_3/input.csv", "doubtful"},  // three rows of two empty cells
    {"univocity/tsv/essential-dos.tsv", R"({"delimiter":"\t","quote":"","skiprows":3,"comment":"#"})"},
    {"univocity/tsv/essential-mac.tsv", R"({"delimiter":"\t","quote":"","skiprows":3,"comment":"#"})"},
    {"univocity/tsv/essential.tsv", R"({"delimiter":"\t","quote":"","skiprows":3,"comment":"#"})"}};

TEST(Sniffer, ReadsEveryPublicFileAsItIsWritten) {
  const std::filesystem::path folder = shared_data();
  CPI_SKIP_WITHOUT(folder);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file() || (extension != ".csv" && extension != ".tsv")) continue;
    const std::string text = contents(entry.path());
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    const Result<Sniffed> found = sniff(pieces_of(text, true));
    if (!found.ok()) {
      EXPECT_EQ(text.find_first_not_of(" \t\r\n"), std::string::npos) << name << ": " << found.error().message;
      continue;
    }
    ++files;
    const auto unusual = kUnusual.find(name);
    EXPECT_EQ(doubt(*found, {}) ? "doubtful" : config_json(*found), unusual == kUnusual.end() ? "{}" : unusual->second)
        << name;
  }
  EXPECT_GT(files, 90);
}

}  // namespace
}  // namespace cpi::csv

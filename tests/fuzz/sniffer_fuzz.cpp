// The sniffer on any bytes: no crash, no hang, certainties between 0 and 1, and a dialect that a reader can obey.
#include <cstdlib>
#include <cstring>

#include "core/csv/reader.h"
#include "core/csv/sniffer/sniffer.h"
#include "core/text/transcoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cpi::csv;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t half = size / 8 * 4;
  const cpi::Result<Sniffed> sniffed =
      size % 2 == 0 ? sniff(bytes, {}, {}) : sniff(bytes.substr(0, half), bytes.substr(half), bytes.substr(half / 2));
  if (!sniffed.ok()) return 0;
  for (const Choice* choice : {&sniffed->encoding, &sniffed->delimiter, &sniffed->quote, &sniffed->escape,
                               &sniffed->header, &sniffed->skip_rows}) {
    if (!(choice->certainty >= 0 && choice->certainty <= 1)) std::abort();
  }
  if (sniffed->rows_fitting > sniffed->rows_seen) std::abort();
  config_snippet(*sniffed);
  const auto transcoder = cpi::text::make_transcoder(sniffed->encoding.value, bytes.substr(0, 4));
  if (!transcoder.ok()) std::abort();
  std::string utf8;
  (*transcoder)->convert(bytes, utf8);
  (*transcoder)->finish(utf8);
  Reader reader(sniffed->dialect);
  std::memcpy(reader.space(utf8.size() + 1).data(), utf8.data(), utf8.size());
  reader.commit(utf8.size());
  reader.finish();
  Batch batch;
  while (true) {
    const cpi::Result<Reader::Event> event = reader.next(batch);
    if (!event.ok() && event.error().code == cpi::Code::kInvalidConfig) std::abort();
    if (!event.ok() || *event != Reader::Event::kBatch) return 0;
  }
}

#include "import/raw_rows.h"

#include <map>

#include "core/csv/reader.h"
#include "import/byte_feed.h"
#include "import/rejects.h"

namespace cpi::import {

void fill_in_raw_rows(const source::File& file, const config::TableOptions& options, std::vector<csv::Reject>& rejects,
                      std::stop_token stop) {
  std::multimap<std::int64_t, csv::Reject*> wanted;
  std::size_t bytes = 0;
  for (csv::Reject& reject : rejects) {
    bytes += reject.raw.size() + reject.message.size();
    if (reject.raw.empty() && reject.line > 0) wanted.emplace(reject.line, &reject);
  }
  if (wanted.empty()) return;
  const std::int64_t last_line = wanted.rbegin()->first;

  Result<ByteFeed> feed = ByteFeed::open(file, options.encoding, nullptr);
  if (!feed.ok()) return;
  csv::Reader reader(options.dialect);
  csv::Batch batch;
  for (std::int64_t line = 0; line < last_line && !stop.stop_requested();) {
    const Result<csv::Reader::Event> event = reader.next(batch);
    if (!event.ok() || *event == csv::Reader::Event::kEnd) return;
    if (*event == csv::Reader::Event::kNeedBytes) {
      if (!feed->fill(reader).ok()) return;
      continue;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const csv::Row row = batch.row(i);
      line = row.line;
      const auto [begin, end] = wanted.equal_range(row.line);
      for (auto it = begin; it != end; ++it) {
        it->second->offset = feed->file_offset(row.offset);
        if (bytes >= RejectSink::kMostBytes) continue;
        it->second->raw = std::string(batch.raw(i).substr(0, csv::kMostRawBytes));
        bytes += it->second->raw.size();
      }
    }
  }
}

}  // namespace cpi::import

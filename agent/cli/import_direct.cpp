#include "cli/import_direct.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/random.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include "cli/command.h"
#include "cli/file_report.h"
#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "cli/rejects_file.h"
#include "core/config/url.h"
#include "core/csv/rejects_csv.h"
#include "import/failures.h"
#include "import/load.h"
#include "import/mended.h"
#include "import/result_json.h"
#include "observe/failpoint.h"
#include "observe/observe.h"
#include "target/foreign_keys.h"

namespace cpi::cli {

namespace {

constexpr std::chrono::seconds kConnectTimeout{15};
/// A deadlock with another session is its end or ours; ours is tried again.
constexpr int kMostAttempts = 3;

/// One file on its way, and then its result.
struct Item {
  std::string name;  ///< as the person wrote it
  source::Entry entry;
  FileOptions file;
  target::TableName table;
  std::string load_id;
  import::Progress progress;
  std::optional<import::LoadResult> result;
  std::string rejects_path;  ///< where its rejects are to go, if they are asked for
  std::string rejects_file;  ///< where they are
};

std::string random_load_id() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw std::runtime_error("the system gave no random bytes");
  std::string out = "cli-";
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

/// The connection's error, and for a URL that breaks the rules what is wrong with it: libpq then looks for an odd host.
Error connect_error(const std::string& to, const db::Error& error) {
  Error out = import::from_target(error);
  out.hint = error.hint();
  if (to.starts_with("postgres://") || to.starts_with("postgresql://")) {
    const Result<config::ConnectionUrl> parsed = config::parse_connection_url(to);
    if (!parsed.ok()) out.hint = parsed.error().message + ". " + parsed.error().hint;
  }
  if (out.hint.empty()) {
    out.hint = "Check host, port, database and user; the password comes from the URL, PGPASSWORD or ~/.pgpass.";
  }
  return out;
}

// Named without its namespace where a line begins: formatters take `import` there for the keyword of modules.
using LoadResult = import::LoadResult;

void reach_failpoint(const char* name) { FP(name); }

class DirectRun {
 public:
  explicit DirectRun(const DirectImport& request) : request_(request) {}

  int run() {
    Result<ImportOptions> options = ImportOptions::load(request_.flags);
    if (!options.ok()) return usage(options.error());
    if (Result<void> target = check_target(request_.to); !target.ok()) return usage(target.error());
    if (!request_.rejects_file.empty()) {
      const Result<void> place = check_rejects_path(request_.rejects_file, request_.files);
      if (!place.ok()) return usage(place.error());
    }
    const auto source = source::make_named_files_source({}, "", request_.files);
    Result<std::vector<source::Entry>> entries = source->list();
    if (!entries.ok()) return usage(entries.error());
    std::set<std::string> rejects_paths;
    for (std::size_t i = 0; i < request_.files.size(); ++i) {
      auto item = std::make_unique<Item>();
      item->name = request_.files[i];
      item->entry = (*entries)[i];
      Result<FileOptions> file = options->for_file(item->name);
      if (!file.ok()) return usage(file.error());
      item->file = std::move(*file);
      item->table = {item->file.options.schema, item->file.table};
      item->load_id = random_load_id();
      item->rejects_path = rejects_path(request_.rejects_file, item->name, request_.files.size() > 1, rejects_paths);
      items_.push_back(std::move(item));
    }
    source_ = source.get();
    try {
      put_parents_first();
    } catch (const db::Error& error) {
      for (const auto& item : items_) item->result = failed(*item, connect_error(request_.to, error));
      return report();
    }
    load_all();
    return report();
  }

 private:
  int usage(const Error& error) const {
    std::fprintf(stderr, "cpi: %s", error_text(error).c_str());
    return kExitUsage;
  }

  db::Connection connect() const { return db::Connection::connect(request_.to, kConnectTimeout, "cpi import"); }

  /// Also the first connection: a target that cannot be reached is told once, before anything is read.
  void put_parents_first() {
    db::Connection connection = connect();
    std::vector<target::TableName> tables;
    for (const auto& item : items_) tables.push_back(item->table);
    links_ = target::foreign_keys(connection, tables);
    std::vector<std::unique_ptr<Item>> ordered;
    for (const std::size_t place : target::parents_first(tables, links_)) {
      ordered.push_back(std::move(items_[place]));
    }
    items_ = std::move(ordered);
  }

  void load_all() {
    ProgressBar bar(!request_.quiet && !request_.json, items_.size());
    const auto most = static_cast<std::size_t>(std::max(request_.jobs, 1));
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(most, items_.size()); ++i) workers.emplace_back([&] { work(bar); });
    workers.clear();
  }

  void work(ProgressBar& bar) {
    while (Item* item = take()) {
      bar.started(item->name, item->progress);
      import::LoadResult result = load(*item);
      result.filename = item->name;
      bar.finished(item->progress);
      const std::lock_guard lock(mutex_);
      item->result = std::move(result);
      busy_.erase(item->table.display());
      changed_.notify_all();
    }
  }

  /// The next file whose table no other worker is loading (files of one table keep their order) and whose parents, by
  /// foreign keys, are done. Tables in a circle do not wait for one another for ever: with nobody at work the first
  /// goes.
  Item* take() {
    std::unique_lock lock(mutex_);
    for (;;) {
      Item* first = nullptr;
      for (const auto& item : items_) {
        if (taken_.contains(item.get())) continue;
        if (first == nullptr) first = item.get();
        if (busy_.contains(item->table.display()) || waits_for_parents(*item)) continue;
        return claim(item.get());
      }
      if (first == nullptr) return nullptr;
      if (busy_.empty()) return claim(first);
      changed_.wait(lock);
    }
  }

  Item* claim(Item* item) {
    taken_.insert(item);
    busy_.insert(item->table.display());
    return item;
  }

  bool waits_for_parents(const Item& item) const {
    return std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
      return link.first == item.table && std::any_of(items_.begin(), items_.end(), [&](const auto& other) {
               return other->table == link.second && !other->result.has_value();
             });
    });
  }

  LoadResult failed(const Item& item, Error error) const {
    import::LoadResult result;
    result.filename = item.name;
    result.table_name = item.table.table;
    result.error = std::move(error);
    return result;
  }

  /// A file of rejects that this or another import has written is no file like those that it came from: its header
  /// would become a row, or its first row the header. What is set aside for it is told.
  std::string read_as_mended(Item& item) const {
    const Result<std::unique_ptr<source::File>> file = source_->fetch(item.entry, {});
    if (!file.ok() || !import::begins_with_reasons(**file, item.file.options)) return "";
    std::string names;
    for (const std::string& name : import::read_as_plain_table(item.file.options)) {
      names += (names.empty() ? "" : ", ") + name;
    }
    return names.empty() ? ""
                         : "the file begins with a column that says why rows were rejected: it is read as its own "
                           "first line says, without " +
                               names;
  }

  LoadResult load(Item& item) {
    const std::string mended = read_as_mended(item);
    LoadResult result = load_as_said(item);
    if (!mended.empty()) result.warnings.insert(result.warnings.begin(), mended);
    return result;
  }

  LoadResult load_as_said(Item& item) {
    const std::function<db::Connection()> connector = [this] { return connect(); };
    import::LoadContext context{*source_, connector, item.progress, interrupt_.token(), reach_failpoint};
    import::LoadRequest request{item.load_id,     "",     1, item.entry, item.file.options, item.table, request_.force,
                                request_.dry_run, nullptr};
    for (;; ++request.attempt) {
      if (interrupt_.requested()) return failed(item, import::stopped());
      try {
        return import::load_file(request, context);
      } catch (const db::Error& error) {
        if (error.poisons_connection()) return failed(item, connect_error(request_.to, error));
        if (request.attempt >= kMostAttempts) return failed(item, import::from_target(error));
      } catch (const std::exception& error) {
        return failed(item, {Code::kInternal, error.what(), "", ""});
      }
    }
  }

  void write_rejects_of(Item& item) {
    import::LoadResult& result = *item.result;
    if (request_.rejects_file.empty() || result.rejects.empty()) return;
    std::size_t reasons = 0;
    while (reasons < result.header.size() && csv::is_reason_column(result.header[reasons]) &&
           result.table_columns.at(reasons).empty()) {
      ++reasons;
    }
    const std::string csv = rejects_csv(result.dialect, result.header, result.rejects, reasons);
    if (Result<void> written = write_rejects(item.rejects_path, csv, result.encoding); written.ok()) {
      item.rejects_file = item.rejects_path;
    } else {
      result.warnings.push_back(written.error().message);
    }
  }

  int report() {
    std::vector<import::LoadResult> results;
    for (const auto& item : items_) {
      write_rejects_of(*item);
      results.push_back(*item->result);
    }
    if (request_.json) {
      for (const import::LoadResult& result : results) {
        nlohmann::json line = import::file_result_json(result, "");
        line["rejects"] = import::rejects_json(result, 100);
        std::printf("%s\n", line.dump().c_str());
      }
    } else if (!request_.quiet) {
      std::fputs(summary_table(results).c_str(), stdout);
      if (request_.dry_run) std::fputs(plans(results).c_str(), stdout);
    }
    std::fflush(stdout);
    const bool clean = std::all_of(results.begin(), results.end(), [](const auto& one) { return one.rejects.empty(); });
    if (clean && !request_.rejects_file.empty()) std::fputs(stale_rejects(request_.rejects_file).c_str(), stderr);
    for (const auto& item : items_)
      std::fputs(remarks(*item->result, item->rejects_file, request_.dry_run).c_str(), stderr);
    return exit_code_of(results);
  }

  static std::string plans(const std::vector<import::LoadResult>& results) {
    std::string out = "(dry run: nothing was written)\n";
    for (const import::LoadResult& result : results) {
      if (!result.strategy.empty()) {
        out += fmt::format("{}: {} into {} ({})\n", result.filename, result.strategy, result.table_name,
                           result.strategy_reason);
      }
    }
    return out;
  }

  const DirectImport& request_;
  Interrupt interrupt_{"cpi: stopping, what is under way is rolled back (again to quit at once)"};
  std::vector<std::unique_ptr<Item>> items_;
  source::Source* source_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<const Item*> taken_;
  std::set<std::string> busy_;                                          ///< tables being loaded
  std::vector<std::pair<target::TableName, target::TableName>> links_;  ///< (child, parent) by foreign keys
};

}  // namespace

Result<void> check_target(const std::string& to) {
  char* why = nullptr;
  PQconninfoOption* options = PQconninfoParse(to.c_str(), &why);
  PQconninfoFree(options);
  std::string message = why == nullptr ? "" : why;
  PQfreemem(why);
  if (options != nullptr) return {};
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return Error{Code::kInvalidArgument, "--to is no connection: " + observe::mask(message), "",
               "Write it as postgresql://user@host:5432/dbname, or as libpq's keywords: host=… dbname=…."};
}

int run_direct_import(const DirectImport& request) { return DirectRun(request).run(); }

}  // namespace cpi::cli

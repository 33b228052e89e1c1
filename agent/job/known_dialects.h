// What a job knows of the dialects of its files: the project's, as they were claimed, and what its own loads have
// learned. Each load is held against what the files of its pattern and table were before it.
#pragma once

#include <nlohmann/json.hpp>

#include "import/load.h"
#include "job/planned_file.h"

namespace cpi::job {

/// Not thread-safe.
class KnownDialects {
 public:
  /// `dialects`: the claim's array; anything else is an empty one.
  explicit KnownDialects(const nlohmann::json& dialects)
      : dialects_(dialects.is_array() ? dialects : nlohmann::json::array()) {}

  /// Of files that match the same pattern and go to the same table; null: nothing is known.
  nlohmann::json of(const PlannedFile& file) const;

  /// Takes what the load has learned, and names its pattern and table in it so that it can be stored with the file's
  /// result. What a load that failed has learned is dropped.
  void learn(const PlannedFile& file, import::LoadResult& result);

 private:
  nlohmann::json dialects_;
};

}  // namespace cpi::job

#!/usr/bin/env bash
# clang-tidy by .clang-tidy, on core and agent. To mend: read the warning; a NOLINT needs a reason beside it.
set -euo pipefail
flags="-std=c++20 -Iextension -Iagent -DCPI_VERSION=\"0\" -DCPI_SOURCE_DIR=\"$PWD\" -DBOOST_ASIO_NO_DEPRECATED $(pkg-config --cflags libpq)"
git ls-files 'extension/core/*.cpp' 'agent/*.cpp' |
  xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$@" -- '"$flags"' 2>/dev/null' sh

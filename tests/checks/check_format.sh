#!/usr/bin/env bash
# C++ is formatted by .clang-format. To mend: clang-format -i FILE.
set -euo pipefail
git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run --Werror

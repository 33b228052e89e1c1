#!/usr/bin/env bash
# Every SQL file is in sql/manifest, and every name in the manifest is a file. To mend: add or remove the line.
set -euo pipefail
listed=$(sed 's/#.*//' sql/manifest | awk 'NF {print $1}' | sort)
there=$(git ls-files 'sql/once/*.sql' 'sql/replace/*.sql' 'sql/grants.sql' | sed 's|^sql/||' | sort)
diff <(echo "$listed") <(echo "$there") || { echo "< is listed in sql/manifest, > is a file"; exit 1; }

#!/usr/bin/env bash
# Random histories of a log beside a model, on a simulated disk that loses power, forgets what was not synced and tears the last write at any sector.
#
#   test/long-log-test.sh [--minutes M]    histories for M minutes (default 2), from a random seed on, which is printed
#   test/long-log-test.sh --seed N         only that of seed N: a failure is replayed exactly
#
# Exit code 0: whatever was confirmed was there after every recovery.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
while [ $# -gt 0 ]; do
    case $1 in
        --minutes) export LOG_TEST_MINUTES=$2; shift 2 ;;
        --seed) export LOG_TEST_SEED=$2; shift 2 ;;
        *) sed -n '2,7p' "${BASH_SOURCE[0]}"; exit 2 ;;
    esac
done

dotnet build -c Release Orleans.MasterSlave.Tests -v quiet -nologo > /dev/null || { echo "the tests do not build"; exit 2; }
exec dotnet run -c Release --no-build --project Orleans.MasterSlave.Tests -- -explicit only -method "*LogHistoryTests.Histories_ForMinutes"

#!/usr/bin/env bash
# Random histories of a log beside models, on a simulated disk that loses power, forgets what was not synced and tears the last write at any sector:
# of all that a log does (log), of rewriting segments amid what groups do (rewriting), and of large snapshots (snapshots). All at once.
#
#   test/long-log-test.sh [--minutes M]      histories for M minutes (default 2), from random seeds on, which are printed
#   test/long-log-test.sh --seed KIND N      only that of kind log, rewriting or snapshots and of seed N. Those of kind log with an odd seed replay exactly;
#                                            in the others threads race, and a failure may need several runs
#
# Exit code 0: whatever was confirmed was there after every recovery.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
declare -A classes=([log]=LogHistoryTests [rewriting]=RewriteHistoryTests [snapshots]=SnapshotHistoryTests)
kinds=("${!classes[@]}")
while [ $# -gt 0 ]; do
    case $1 in
        --minutes) export LOG_TEST_MINUTES=$2; shift 2 ;;
        --seed) kinds=("$2"); export LOG_TEST_SEED=$3; shift 3 ;;
        *) sed -n '2,10p' "${BASH_SOURCE[0]}"; exit 2 ;;
    esac
done

methods=()
for kind in "${kinds[@]}"; do
    [ -n "${classes[$kind]:-}" ] || { echo "there are no histories of kind $kind"; exit 2; }
    methods+=(-method "*.${classes[$kind]}.Histories_ForMinutes")
done

dotnet build -c Release Orleans.MasterSlave.Tests -v quiet -nologo > /dev/null || { echo "the tests do not build"; exit 2; }
exec dotnet run -c Release --no-build --project Orleans.MasterSlave.Tests -- -explicit only -maxThreads 3 "${methods[@]}"

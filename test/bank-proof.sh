#!/usr/bin/env bash
# Runs the Bank sample again and again with each fault, and stops at the first run that finds anything wrong.
#   test/bank-proof.sh [runs] [fault...]     10 runs each of kill and stop by default: about 15 minutes on a quiet machine
#   BANK_OPTIONS="--mode async" test/bank-proof.sh 3 kill stop disk-error disk-hang
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
runs=${1:-10}
faults=("${@:2}")
[ ${#faults[@]} -eq 0 ] && faults=(kill stop)

dotnet build samples/Bank -c Release -v quiet -nologo || exit 1
worst=0
for ((run = 1; run <= runs; run++)); do
    for fault in "${faults[@]}"; do
        # shellcheck disable=SC2086 # options are words
        if ! output=$(dotnet run --no-build -c Release --project samples/Bank -- --fault "$fault" ${BANK_OPTIONS:-} < /dev/null 2>&1); then
            echo "$output"
            echo "run $run with --fault $fault failed"
            exit 1
        fi
        line=$(tail -1 <<< "$output")
        echo "$run $fault: $line"
        ms=$(sed -n 's/.*failover_ms_max=\([0-9]*\).*/\1/p' <<< "$line")
        [ "${ms:-0}" -gt "$worst" ] && worst=$ms
    done
done
echo "all $((runs * ${#faults[@]})) runs are well; longest failover $worst ms"

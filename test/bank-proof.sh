#!/usr/bin/env bash
# Runs the Bank sample again and again with each fault and prints a table. Exit code 0 only if every run was well.
#   test/bank-proof.sh [--runs N] [--keep-going] [fault...]
# A fault is one of the Bank's, and isolate:WHOM[:WAY] (whom the silo is cut off from, and what is lost). One run takes about 45 s; of random, 2.5 minutes.
#   test/bank-proof.sh                                          one run each of kill, stop, all, two, isolate:silos, isolate:everybody: 4 minutes
#   test/bank-proof.sh --runs 10                                ten of each: 45 minutes on a quiet machine
#   BANK_OPTIONS="--mode async" test/bank-proof.sh --runs 3 kill disk-error
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
runs=1 keep_going=false faults=()
while [ $# -gt 0 ]; do
    case $1 in
        --runs) runs=${2:?--runs needs a number}; shift ;;
        --keep-going) keep_going=true ;;
        -*) echo "unknown option $1"; exit 2 ;;
        *) faults+=("$1") ;;
    esac
    shift
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || { echo "--runs $runs: must be a whole number from 1"; exit 2; }
[ ${#faults[@]} -eq 0 ] && faults=(kill stop all two isolate:silos isolate:everybody)

# The longest that groups may be without an answer, where an in-sync replica is left. Of all and two, some wait for the return.
limit() { case $1 in kill | stop | isolate* | random) echo 4000 ;; *) echo 0 ;; esac; }

dotnet build samples/Bank -c Release -v quiet -nologo || exit 1
declare -A worst=() good=() bad=()
code=0
printf '%-26s %4s  %s\n' fault run 'last line'
for ((run = 1; run <= runs; run++)); do
    for fault in "${faults[@]}"; do
        IFS=: read -r kind whom way <<< "$fault"
        options=(--fault "$kind")
        [ -n "$whom" ] && options+=(--isolate "$whom")
        [ -n "$way" ] && options+=(--direction "$way")
        # shellcheck disable=SC2086 # options are words
        output=$(dotnet run --no-build -c Release --project samples/Bank -- "${options[@]}" ${BANK_OPTIONS:-} < /dev/null 2>&1)
        result=$?
        line=$(tail -1 <<< "$output")
        ms=$(sed -n 's/.*failover_ms_max=\([0-9]*\).*/\1/p' <<< "$line")
        [ "${ms:-0}" -gt "${worst[$fault]:-0}" ] && worst[$fault]=$ms
        most=$(limit "$fault")
        printf '%-26s %4d  %s\n' "$fault" "$run" "$line"
        if [ "$result" -eq 0 ] && { [ "$most" -eq 0 ] || [ "${ms:-0}" -le "$most" ]; }; then
            good[$fault]=$((${good[$fault]:-0} + 1))
            continue
        fi
        bad[$fault]=$((${bad[$fault]:-0} + 1)) code=1
        grep -v 'ops/s' <<< "$output"
        [ "$result" -eq 0 ] && echo "a group was without an answer for $ms ms; $most ms are allowed"
        $keep_going || break 2
    done
done

printf '\n%-26s %5s %5s  %s\n' fault well bad 'longest failover'
for fault in "${faults[@]}"; do
    printf '%-26s %5d %5d  %d ms\n' "$fault" "${good[$fault]:-0}" "${bad[$fault]:-0}" "${worst[$fault]:-0}"
done
exit "$code"

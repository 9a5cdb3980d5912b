#!/usr/bin/env bash
# Crashes of a process that writes a log, at every fdatasync in turn: killed there (SIGKILL), or told that it, or a write, failed (EIO); and at every step by
# which a segment, or a file of the snapshot log, is rewritten. Then the log is recovered, at times killed in recovery too, and compared with what was confirmed. At the end, a disk that
# fills up. Needs strace, and root for the disk.
#
#   test/crash-sweep.sh [--from N] [--to N] [--step N] [--seconds S] [--groups G] [--steps K]
#
# N counts the fdatasync calls of one thread, or the segments. Stops after S seconds (default 110) and says how far it came. Exit code 0: nothing was lost.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
from=1 to=400 step=0 seconds=110 groups=6 steps=200
while [ $# -gt 0 ]; do
    case $1 in
        --from | --to | --step | --seconds | --groups | --steps) printf -v "${1#--}" '%s' "$2"; shift 2 ;;
        *) sed -n '2,9p' "${BASH_SOURCE[0]}"; exit 2 ;;
    esac
done

command -v strace > /dev/null || { echo "strace is not installed: nothing was checked"; exit 2; }
dotnet build -c Release Orleans.MasterSlave.LogWorker -v quiet -nologo > /dev/null || { echo "the worker does not build"; exit 2; }
worker=$PWD/Orleans.MasterSlave.LogWorker/bin/Release/net10.0/Orleans.MasterSlave.LogWorker
export DOTNET_gcServer=0 DOTNET_TieredPGO=0
folder=$(mktemp -d)
trap 'mountpoint -q "$folder/disk" && umount "$folder/disk"; rm -rf "$folder"' EXIT

# Not with --seccomp-bpf: strace 6.1 then injects errors, but loses signals.
traced() { # call, what happens there, file or - for any, command ...
    local only=()
    [ "$3" = - ] || only=(-P "$3")
    strace -f -qq "${only[@]}" -e "trace=$1" -e "inject=$1:$2" -o /dev/null "${@:4}"
}

check() { # what; compares with all that was ever confirmed, and leaves where each group is in the file found
    if ! "$worker" check "$folder/log" "$groups" "$folder"/confirmed* > "$folder/found"; then
        echo "FAILED: $1. The log is kept in $folder"
        trap - EXIT
        exit 1
    fi
    cp "$folder/found" "$folder/confirmed-found" # what was seen once must stay
}

life() { # n, call, what happens there, file or -: a fresh log; crash, crash in recovery, go on, crash again
    local n=$1 call=$2 inject=$3 file=$4 code what="$2 $3 ${4##*/}"
    rm -rf "$folder/log" "$folder"/confirmed* "$folder/found"
    traced "$call" "$inject" "$file" "$worker" write "$folder/log" "$groups" "$steps" > "$folder/confirmed-1" 2> "$folder/error"
    code=$?
    lives=$((lives + 1))
    case $code in
        0) finished=$((finished + 1)) ;;
        3) failed=$((failed + 1)) ;;                      # the log failed, and stayed so
        137) killed=$((killed + 1)) ;;
        134) grep -q "Input/output error\|errno 5" "$folder/error" || { cat "$folder/error"; exit 1; }; failed=$((failed + 1)) ;; # it could not even start
        *) cat "$folder/error"; echo "FAILED: the writer ended with $code at $what"; exit 1 ;;
    esac
    # Recovery itself is killed; whatever it reached, the next one comes to the same.
    [ -d "$folder/log" ] && traced fdatasync "signal=KILL:when=$((n % 5 + 1))" - "$worker" check "$folder/log" "$groups" "$folder"/confirmed* > /dev/null 2>&1
    check "$what"
    "$worker" forget "$folder/log" || exit 1
    check "$what, without what only the page cache had"
    traced fdatasync "${inject%%:*}:when=$((n + 3))" - "$worker" write "$folder/log" "$groups" $((steps + 50)) "$folder/found" > "$folder/confirmed-2" 2> "$folder/error"
    check "$what, second life"
}

segment() { # number
    printf '%s/log/log-%016d.segment' "$folder" "$1"
}

snapshots() { # number
    printf '%s/log/snapshots/%016d.snapshot' "$folder" "$1"
}

rewriting() { # n, the file whose place the rewritten one takes: it is created, written, synced and renamed
    for call in openat pwrite64 fdatasync rename; do life "$1" $call signal=KILL:when=1 "$2.rewrite"; done
    life "$1" rename error=EIO:when=1 "$2.rewrite"
}

tell() { # what
    echo "$1: $lives lives, $killed killed, $failed with a failed sync, write or rename, $finished ended before; everything confirmed was there, once, in order"
    [ "$killed" -gt 0 ] || { echo "FAILED: no crash happened: nothing was proved"; exit 1; }
    killed=0 failed=0 finished=0 lives=0
}

killed=0 failed=0 finished=0 lives=0 last=0
started=$SECONDS # without the build
rewriting 1 "$(snapshots 1)"
life 1 unlink signal=KILL:when=1 "$(snapshots 1)"
tell "rewriting of the first snapshot file"
for ((n = from; n <= to && n <= 9; n++)); do
    [ $((SECONDS - started)) -ge $((seconds / 2)) ] && break
    rewriting "$n" "$(segment "$n")"
    life "$n" unlink signal=KILL:when=1 "$(segment "$n")" # one that the rewritten one stands for
    last=$n
done
tell "rewriting of segment $from to $last"

for ((n = from; n <= to; n += step > 0 ? step : (n < 4 ? 1 : n * 3 / 10))); do
    [ $((SECONDS - started)) -ge "$seconds" ] && break
    life "$n" fdatasync "signal=KILL:when=$n" -
    life "$n" fdatasync "error=EIO:when=$n" -
    life "$n" pwrite64 "error=EIO:when=$n" -
    last=$n
done
[ "$failed" -gt 0 ] || { echo "FAILED: no sync or write failed: nothing was proved"; exit 1; }
tell "sync $from to $last"

mkdir "$folder/disk"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=2m tmpfs "$folder/disk" 2> /dev/null; then
    head -c 1000000 /dev/zero > "$folder/disk/ballast"
    "$worker" fill "$folder/disk/log" "$folder/disk/ballast" || { echo "FAILED: full disk"; exit 1; }
else
    echo "full disk: skipped, a tmpfs cannot be mounted here (it needs root)"
fi

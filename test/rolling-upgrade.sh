#!/usr/bin/env bash
# Packs the library, builds both versions of samples/Ledger from the packages alone, outside of the repository, and upgrades three silos from version 1
# to version 2 one after the other, under load. Exit code 0: no call failed, no group was quarantined, what version 1 booked means what it meant, also
# after a restart of all silos. About a minute and a half. With --keep its folder stays, with the silos' output.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
repository=$PWD folder=$(mktemp -d) version=0.0.0-test.$$ # of its own, so that no cache has it
app=$folder/app keep=${1:-}
declare -A silos=()

finish() {
    local pid
    for pid in "${silos[@]}" "${load:-}"; do [ -n "$pid" ] && kill -9 "$pid" 2> /dev/null; done
    wait
    rm -rf "${NUGET_PACKAGES:-$HOME/.nuget/packages}"/orleans.masterslave.*/"$version"
    if [ "$keep" = --keep ]; then echo "kept: $folder"; else rm -rf "$folder"; fi
}
trap finish EXIT

fail() {
    echo "$*"
    grep -hE "^ *(crit|fail):|quarantine" -A 3 "$folder"/silo*/output | head -60
    exit 1
}

quietly() { # command ...; its output only where it fails
    "$@" > "$folder/output" 2>&1 || fail "$*: exit code $?"$'\n'"$(tail -40 "$folder/output")"
}

client() { # version, command
    (cd "$folder/client" && dotnet "$folder/v$1/Ledger.dll" client "$2" "$folder/books")
}

freePort() { # from; one that nobody listens on
    local port=$1
    while (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do port=$((port + 1)); done
    echo "$port"
}

# Until a line has been written so often to a silo's output; that silo's process ended, or a minute passed: failed.
written() { # silo, times, text
    local i
    for ((i = 0; i < 600; i++)); do
        [ "$(grep -c "$3" "$folder/silo$1/output")" -ge "$2" ] && return
        kill -0 "${silos[$1]}" 2> /dev/null || fail "silo $1 ended: $(tail -20 "$folder/silo$1/output")"
        sleep 0.1
    done
    fail "silo $1 did not write '$3' $2 times: $(tail -20 "$folder/silo$1/output")"
}

start() { # silo, version; the silo's appsettings.json is all that it is told
    (cd "$folder/silo$1" && exec dotnet "$folder/v$2/Ledger.dll" silo > output 2>&1) &
    silos[$1]=$!
    written "$1" 3 "is node" # it, and the two others
}

stop() { # silo; in order
    kill -TERM "${silos[$1]}"
    wait "${silos[$1]}" || fail "silo $1 did not stop in order"
    unset "silos[$1]"
    mv "$folder/silo$1/output" "$folder/silo$1/output.$SECONDS"
}

mkdir -p "$app/packages" "$folder/client" "$folder/books"
for project in Abstractions Client Server Sqlite; do
    quietly dotnet pack "src/Orleans.MasterSlave.$project" -c Release -o "$app/packages" -p:PackageVersion=$version -v minimal -nologo
done
cp -r samples/Ledger/. "$app"
cd "$folder" || exit 1 # nothing of the sources is at hand
for number in 1 2; do
    quietly dotnet publish "$app" -c Release -o "$folder/v$number" -p:MasterSlaveVersion=$version -p:LedgerVersion=$number -v minimal -nologo
done
echo "built versions 1 and 2 from packages after $SECONDS s"

settings=$(< "$repository/samples/Ledger/appsettings.json")
for silo in 1 2 3; do
    mkdir "$folder/silo$silo"
    ports=${settings/11111/$(freePort $((21000 + silo * 100 + $$ % 100)))}
    echo "${ports/30000/$(freePort $((31000 + silo * 100 + $$ % 100)))}" > "$folder/silo$silo/appsettings.json"
done
echo "$settings" > "$folder/client/settings"
# A client is told the cluster and where its members are, and has neither log folder nor ports.
sed -e '/"Endpoints"/d' -e '/"MasterSlave": { "LogDirectory"/d' -e '/"GrainStorage"/,/^    },/d' -e 's/^    "Clustering": \(.*\),$/    "Clustering": \1/' \
    "$folder/client/settings" > "$folder/client/appsettings.json"

(cd "$folder/silo1" && exec dotnet "$folder/v1/Ledger.dll" silo > output 2>&1) &
silos[1]=$!
written 1 1 "is node"
for silo in 2 3; do
    (cd "$folder/silo$silo" && exec dotnet "$folder/v1/Ledger.dll" silo > output 2>&1) &
    silos[$silo]=$!
done
for silo in 1 2 3; do written $silo 3 "is node"; done
client 1 in-sync || fail "the accounts do not come in sync"
client 1 load > "$folder/load" 2>&1 &
load=$!
for silo in 1 2 3; do
    sleep 2
    stop $silo
    start $silo 2
    client 1 in-sync || fail "the accounts do not come in sync after silo $silo was upgraded"
    echo "silo $silo runs version 2 after $SECONDS s"
done
sleep 2
touch "$folder/books/stop"
wait "$load" || fail "calls of version 1 failed: $(tail -40 "$folder/load")"
load=""
tail -1 "$folder/load"
rm "$folder/books/stop"

client 2 begin-fees || fail "fees could not begin"
(sleep 3 && touch "$folder/books/stop") &
client 2 load || fail "calls of version 2 failed"
sleep 1 # slaves are told what is stable a moment later
client 2 audit || fail "the books are not right after the upgrade"
for silo in 1 2 3; do stop $silo; done
for silo in 1 2 3; do
    (cd "$folder/silo$silo" && exec dotnet "$folder/v2/Ledger.dll" silo > output 2>&1) &
    silos[$silo]=$!
done
for silo in 1 2 3; do written $silo 3 "is node"; done
client 2 in-sync || fail "the accounts do not come in sync after a restart of all silos"
sleep 1
client 2 audit || fail "the books are not right after a restart of all silos"
for silo in 1 2 3; do stop $silo; done
if grep -lE "^ *crit:|[Qq]uarantine" "$folder"/silo*/output*; then fail "a silo reports a quarantine, or worse"; fi
echo "upgraded under load in $SECONDS s"

#!/usr/bin/env bash
# Packs masterslave-log as a .NET tool, installs it from the package into a temporary folder, and runs it on a log that a process wrote: what is in
# the package must be all that it needs. About half a minute. Exit code 0: every command did what docs/tool.md says.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=0.0.0-test.$$ # of its own, so that no cache has it

fail() { echo "$*"; exit 1; }

expect() { # exit code, a text that must be in the output, arguments of the tool ...
    local output code
    output=$("$folder/tool/masterslave-log" "${@:3}" 2>&1)
    code=$?
    [ "$code" -eq "$1" ] && [[ $output == *"$2"* ]] || fail "masterslave-log ${*:3}: exit code $code instead of $1, or no '$2' in:"$'\n'"$output"
}

dotnet pack src/Orleans.MasterSlave.Tool -c Release -o "$folder/packages" -p:PackageVersion=$version -v minimal -nologo > "$folder/pack" || fail "$(< "$folder/pack")"
! grep -q "missing a readme" "$folder/pack" || fail "the package has no readme"
dotnet tool install --tool-path "$folder/tool" --add-source "$folder/packages" Orleans.MasterSlave.Tool --version $version > "$folder/install" || fail "$(< "$folder/install")"
dotnet run -c Release --project test/Orleans.MasterSlave.LogWorker -- write "$folder/log" 6 50 > "$folder/written" || fail "no log was written"

cd / || exit 1 # nothing of the sources is at hand
expect 0 "groups          6" info "$folder/log"
expect 0 "whole: " verify "$folder/log"
expect 0 '"kind":"operation"' dump --json "$folder/log"
expect 0 "0 operations in 0 files" orphans "$folder/log"
expect 2 "There is no folder" verify "$folder/nowhere"
printf '?' | dd of="$folder/log/log-0000000000000001.segment" bs=1 seek=300 conv=notrunc status=none
expect 1 "damage  " verify "$folder/log"
echo "the installed tool does what it should"

#!/usr/bin/env bash
# Breaks rules of the core on purpose, one at a time, and tells which tests notice. All mutants of test/mutants are planted at once in a copy of the tree, each behind
# a switch, and built once; then histories, unit tests and, where these notice nothing, seeds of the simulation run with each switched on.
#
#   test/mutation-gate.sh [--only TEXT] [--seeds N] [--all] [--jobs N] [--keep]
#
# --only: mutants with TEXT, or one of several between commas, in their name. --seeds: how many each is given (default 100). --all: seeds for every mutant, also for one that is caught already.
# --jobs: how many mutants at once (default: half of the processors). --keep: leaves the copy. Prints a table; exit code 0: each was caught where it should
# be; 1: a gap; 2: a mutant's text is no longer there exactly once, or nothing could be built.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2
project=Orleans.MasterSlave.MutationGate
dotnet build -c Release "$project" -v quiet -nologo > /dev/null || { dotnet build -c Release "$project" -v quiet -nologo; exit 2; }
"$project/bin/Release/net10.0/$project" "$@"

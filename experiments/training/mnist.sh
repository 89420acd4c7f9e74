#!/usr/bin/env bash
# LeNet-300-100 and LeNet-5 from scratch on MNIST with the settings that `tersor train` chooses for them, three seeds each. A tenth of the train set is held out
# for validation; the test set is looked at once, for this table. Prints Markdown.
#   ./mnist.sh MNIST_FOLDER [OPTIONS OF tersor train...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish "$here/../../src/Tersor.Cli" -c Release -o "$work/bin" -v quiet > /dev/null

echo "| network | seed | validation top-1 | test top-1 | seconds |"
echo "|---|---|---|---|---|"
for network in lenet-300-100 lenet5; do
    for seed in 1 2 3; do
        started=$(date +%s)
        "$work/bin/Tersor.Cli" train "$network" --data "mnist:$data" --seed "$seed" -o "$work/$network.onnx" --force "$@" > "$work/out" 2> /dev/null
        seconds=$(($(date +%s) - started))
        awk -v n="$network" -v s="$seed" -v t="$seconds" '
            $1 == "validation" { validation = $(NF - 1) }
            $1 == "test" { printf "| %s | %s | %s %% | %s %% | %s |\n", n, s, validation, $(NF - 3), t }' "$work/out" | tee -a "$work/$network.rows"
    done
    median=$(cut -d"|" -f5 "$work/$network.rows" | sort -n | sed -n "2{s/^ *//;s/ *$//;p}")
    echo "| $network | **median** | | **$median** | |"
done

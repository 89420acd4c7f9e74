#!/usr/bin/env bash
# How near coded layers come to the lower bound of rate-distortion theory: bits per weight by four methods at the same step, the distance by which the network's outputs move, and
# the fewest bits in which normal weights could be told at that distance. Prints a Markdown table.
#   ./bound.sh SHARED_FOLDER [MODEL...]
set -euo pipefail
shared=$1
models=("${@:2}")
[ ${#models[@]} -gt 0 ] || models=(lenet-300-100 lenet5)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

echo "| model | layer | method | QP | distance | bits/weight | bound | above it |"
echo "|---|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    take "$model"
    "${tersor[@]}" sensitivity "$source" "${judging[@]}" --samples 1024 --bound -24,-16,-8 |
        awk -F '  +' -v m="$model" '/^ [^ ]+ +(uniform|trellis)/ { sub(/^ /, "", $1); printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", m, $1, $2, $3, $4, $5, $6, $7 }'
done

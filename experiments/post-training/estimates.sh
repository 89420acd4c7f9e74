#!/usr/bin/env bash
# How well train images foretell what new ones lose: the plans of `tersor sweep`, judged on train images and on the full test set, beside what a search expects of new data: the loss on train images, and that told from the
# distance of the answers (by the plan that loses about two points on train images, bold). Points of top-1; plans from 0.02 expected on. Prints a Markdown table.
#   ./estimates.sh SHARED_FOLDER [MODEL...]
set -euo pipefail
shared=$1
models=("${@:2}")
[ ${#models[@]} -gt 0 ] || models=(lenet-300-100 lenet5 resnet20 resnet56)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

# plans SPLIT OPTION...: a line for each plan: bytes, distance, points lost, standard error.
plans() {
    "${tersor[@]}" sweep "$source" "${judging[@]}" --points 12 --quiet --json --split "$@" | awk '
        /"bytes":/ { bytes = $2 + 0 } /"distance":/ { distance = $2 + 0 } /"drop":/ { drop = 100 * ($2 + 0) }
        /"standardError":/ { print bytes, distance, drop, 100 * ($2 + 0) }'
}

echo "| model | bytes | distance | lost of train images | lost of the test set | expected by the loss | expected by the distance |"
echo "|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    take "$model"
    plans train --limit 20000 > "$work/train"
    plans test > "$work/test"
    paste -d ' ' "$work/train" "$work/test" | awk -v m="$model" '
        function off(x) { x = log(x > 0 ? x / 2 : 1e-9); return x < 0 ? -x : x }
        { bytes[NR] = $1; distance[NR] = $2; train[NR] = $3; error[NR] = $4; test[NR] = $7; if (!best || off($3) < off(train[best])) best = NR }
        END { for (i = 1; i <= best; i++) {
            told = (train[best] + error[best]) * (distance[i] / distance[best]) ^ 1.1
            if (told >= 0.02) printf "| %s | %d | %.3f | %.2f | %.2f | %.2f | %s |\n", m, bytes[i], distance[i], train[i], test[i], train[i] + error[i], (i < best ? sprintf("%.2f", told) : sprintf("**%.2f**", told)) } }'
done

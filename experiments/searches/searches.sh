#!/usr/bin/env bash
# What each search of `tersor compress --search` finds for half a point of top-1, without retraining, and what it takes: bytes of the file without the graph, the drop on the train images
# that plans are judged on and on the full test set, trials and seconds of the search. Prints a Markdown table.
#   ./searches.sh SHARED_FOLDER [SEED] [MODEL...]
set -euo pipefail
shared=$1
seed=${2:-0}
models=("${@:3}")
[ ${#models[@]} -gt 0 ] || models=(lenet-300-100 resnet20)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

echo "| model | seed | search | bytes | drop, train | drop, test | 95 % interval | trials of tensors | of plans | seconds |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    take "$model"
    for search in slope hull knapsack greedy coordinate evolution bayesian; do
        # Exit code 5 is a budget that was missed on the test set: its row says by how much.
        "${tersor[@]}" compress "$source" -o "$work/model.nnc" --topology none --force --quiet --json --seed "$seed" --max-drop 0.5 --search "$search" \
            "${judging[@]}" > "$work/report.json" || [ $? -eq 5 ]
        found=$(sed -n '/"search"/,$p' "$work/report.json")
        awk -v m="$model" -v i="$seed" -v s="$search" -v n="$(number foundBytes <<< "$found")" -v t="$(number foundDrop <<< "$found")" -v v="$(verdict "$work/report.json")" \
            -v a="$(number tensorTrials <<< "$found")" -v p="$(($(number evaluations <<< "$found") - $(number tensorTrials <<< "$found")))" -v e="$(number seconds <<< "$found")" \
            'BEGIN { printf "| %s | %s | %s | %d | %.2f | %s | %d | %d | %.0f |\n", m, i, s, n, t * 100, v, a, p, e }'
    done
done

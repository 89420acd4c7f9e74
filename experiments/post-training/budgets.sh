#!/usr/bin/env bash
# The smallest file that `tersor compress --max-drop` finds for 0.1, 0.5 and 1 points of top-1, without retraining. The search sees train images only; the last columns
# are measured on the file, on the full test set. Files are written without the graph, as those of the peers are counted. Prints a Markdown table.
#   ./budgets.sh SHARED_FOLDER [SEED] [MODEL...]
set -euo pipefail
shared=$1
seed=${2:-0}
models=("${@:3}")
[ ${#models[@]} -gt 0 ] || models=(lenet-300-100 lenet5 resnet20 resnet56)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

echo "| model | seed | budget, points | bytes | times smaller | drop | 95 % interval | seconds |"
echo "|---|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    take "$model"
    for budget in 0.1 0.5 1; do
        started=$(date +%s)

        # Budgets share their trials. Exit code 5 is a budget that was missed: its row says by how much.
        "${tersor[@]}" compress "$source" -o "$work/model.nnc" --topology none --force --quiet --json --seed "$seed" --max-drop "$budget" --resume "$work/$model.jsonl" \
            "${judging[@]}" > "$work/report.json" || [ $? -eq 5 ]
        seconds=$(($(date +%s) - started))
        awk -v m="$model" -v i="$seed" -v b="$budget" -v n="$(stat -c %s "$work/model.nnc")" -v s="$(stat -c %s "$source")" -v v="$(verdict "$work/report.json")" -v t="$seconds" \
            'BEGIN { printf "| %s | %s | %s | %d | %.1f | %s | %d |\n", m, i, b, n, s / n, v, t }'
    done
done

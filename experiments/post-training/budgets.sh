#!/usr/bin/env bash
# The smallest file that `tersor compress --max-drop` finds for 0.1, 0.5 and 1 points of top-1, without retraining. The search sees train images only; the last columns
# are measured on the file, on the full test set. Prints a Markdown table.
#   ./budgets.sh SHARED_FOLDER [SEED]
set -euo pipefail
shared=$1
seed=${2:-0}
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "| model | budget, points | bytes | without graph | times smaller | drop | 95 % interval | seconds |"
echo "|---|---|---|---|---|---|---|---|"
for model in lenet-300-100 lenet5 resnet20 resnet56; do
    take "$model"
    for budget in 0.1 0.5 1; do
        started=$(date +%s)

        # Exit code 5 is a budget that was missed: its row says by how much.
        "${tersor[@]}" compress "$source" -o "$work/model.nnc" --force --quiet --json --save-plan "$work/plan.json" --seed "$seed" --max-drop "$budget" \
            "${judging[@]}" > "$work/report.json" || [ $? -eq 5 ]
        seconds=$(($(date +%s) - started))
        sed 's/^  "version": 1,/&\n  "topology": "none",/' "$work/plan.json" > "$work/bare.json"
        "${tersor[@]}" compress "$source" -o "$work/bare.nnc" --force --quiet --plan "$work/bare.json"
        verdict=$(sed -n '/"verdict"/,/}/p' "$work/report.json")
        awk -v m="$model" -v b="$budget" -v n="$(stat -c %s "$work/model.nnc")" -v g="$(stat -c %s "$work/bare.nnc")" -v s="$(stat -c %s "$source")" \
            -v d="$(number drop <<< "$verdict")" -v l="$(number dropLow <<< "$verdict")" -v h="$(number dropHigh <<< "$verdict")" -v t="$seconds" \
            'BEGIN { printf "| %s | %s | %d | %d | %.1f | %.2f | %.2f to %.2f | %d |\n", m, b, n, g, s / n, d * 100, l * 100, h * 100, t }'
    done
done

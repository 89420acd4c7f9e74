#!/usr/bin/env bash
# What the file of at most so many bytes that `tersor compress --max-size` finds loses, without retraining: the search sees train images only; the drop is measured on the file, on the full test set. Files are written without the
# graph. Prints a Markdown table.
#   ./sizes.sh SHARED_FOLDER [MODEL BYTES]...        # SEEDS="0 1 2"
set -euo pipefail
shared=$1
sizes=("${@:2}")
[ ${#sizes[@]} -gt 0 ] || sizes=(resnet20 93393)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

echo "| model | seed | at most, bytes | bytes | drop | 95 % interval | seconds |"
echo "|---|---|---|---|---|---|---|"
for ((i = 0; i < ${#sizes[@]}; i += 2)); do
    take "${sizes[i]}"
    for seed in "${seeds[@]}"; do
        started=$(date +%s)
        "${tersor[@]}" compress "$source" -o "$work/model.nnc" --topology none --force --quiet --json --seed "$seed" --max-size "${sizes[i + 1]}" "${judging[@]}" > "$work/report.json"
        seconds=$(($(date +%s) - started))
        echo "| ${sizes[i]} | $seed | ${sizes[i + 1]} | $(stat -c %s "$work/model.nnc") | $(verdict "$work/report.json") | $seconds |"
    done
done

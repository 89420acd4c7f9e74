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
        verdict=$(sed -n '/"verdict"/,/}/p' "$work/report.json")
        awk -v m="${sizes[i]}" -v s="$seed" -v a="${sizes[i + 1]}" -v n="$(stat -c %s "$work/model.nnc")" -v t="$seconds" \
            -v d="$(number drop <<< "$verdict")" -v l="$(number dropLow <<< "$verdict")" -v h="$(number dropHigh <<< "$verdict")" \
            'BEGIN { printf "| %s | %s | %d | %d | %.2f | %.2f to %.2f | %d |\n", m, s, a, n, d * 100, l * 100, h * 100, t }'
    done
done

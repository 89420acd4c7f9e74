#!/usr/bin/env bash
# What each quality costs on real models: bytes of the whole file (topology included) and top-1 on the full test set, measured on what is decoded from it.
# Prints a Markdown table.
#   ./quality.sh SHARED_FOLDER [QUALITY...]
set -euo pipefail
shared=$1
shift
qualities=("$@")
[ ${#qualities[@]} -gt 0 ] || qualities=(90 75 60 50 40 30)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

# The fractions of a report, one per model, in the order of its rows.
top1() { sed -n '/"models": \[/,/^  \]/p' | grep -E '^      "top1":' | sed 's/.*: *//; s/,$//'; }

echo "| model | quality | bytes | times smaller | top-1 | drop in points |"
echo "|---|---|---|---|---|---|"
for model in lenet-300-100 lenet5 resnet20 resnet56 resnet8-mlperf-tiny; do
    take "$model"
    files=("$source")
    for quality in "${qualities[@]}"; do
        files+=("$work/$model-$quality.nnc")
        "${tersor[@]}" compress "$source" -o "${files[-1]}" --quality "$quality" --quiet
    done

    mapfile -t fractions < <("${tersor[@]}" evaluate "${files[@]}" "${judging[@]}" --json --quiet | top1)
    for i in "${!files[@]}"; do
        awk -v m="$model" -v q="$([ "$i" -eq 0 ] && echo original || echo "${qualities[i - 1]}")" -v b="$(stat -c %s "${files[i]}")" -v s="$(stat -c %s "$source")" \
            -v c="${fractions[i]}" -v d="${fractions[0]}" \
            'BEGIN { printf "| %s | %s | %d | %.1f | %.2f | %s |\n", m, q, b, s / b, c * 100, q == "original" ? "" : sprintf("%.2f", (d - c) * 100) }'
    done
done

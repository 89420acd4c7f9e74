#!/usr/bin/env bash
# Patterns of N weights in each M on LeNet-300-100 and MNIST: a mask that is chosen once and kept, beside one that is chosen anew at every step (SR-STE; Zhou et al. 2021). Top-1 error on the full test set; prints a Markdown table.
#   ./run.sh SHARED_FOLDER
# SEEDS (default "0 1 2") and PATTERNS (default "2:4 1:4 1:8 1:16") say what is run.
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
read -ra seeds <<< "${SEEDS:-0 1 2}"
read -ra patterns <<< "${PATTERNS:-2:4 1:4 1:8 1:16}"
take lenet-300-100
before=$(error "$source")

echo "| pattern | method | before, % | $(printf 'seed %s | ' "${seeds[@]}")median |"
echo "|---|---|---|$(printf -- '---|%.0s' "${seeds[@]}")---|"
for pattern in "${patterns[@]}"; do
    for method in fixed sr-ste; do
        errors=()
        for seed in "${seeds[@]}"; do
            sed "s/2:4/$pattern/" "$here/$method.yaml" > "$work/$method.yaml"
            "${tersor[@]}" apply "$work/$method.yaml" "$source" -o "$work/out.onnx" "${judging[@]}" --seed "$seed" --force --quiet
            errors+=("$(error "$work/out.onnx")")
        done
        echo "| $pattern | $method | $before | $(printf '%s | ' "${errors[@]}")$(printf '%s\n' "${errors[@]}" | median) |"
    done
done

#!/usr/bin/env bash
# ResNet-56 with half of its multiply-adds, by cutting filters (resnet56) or residual branches (resnet56-blocks): what is left of them, the error on the full test set, and the time of an image on two threads, 32 at a time, in our engine and in ONNX Runtime, before and after. Prints a Markdown table, a row per recipe and seed.
#   ./filters.sh SHARED_FOLDER [RECIPE...]
# SEEDS (default "0 1 2") says which seeds; ROUNDS, SECONDS_EACH and TERSOR_ONNXRUNTIME are as in ../channel-pruning.
set -euo pipefail
shared=$1
recipes=("${@:2}")
[ ${#recipes[@]} -gt 0 ] || recipes=(resnet56 resnet56-blocks)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
build_bench
take resnet56

echo "| resnet56 | multiply-adds, millions | parameters | error, % | ours, µs an image | ONNX Runtime, µs | seconds |"
echo "|---|---|---|---|---|---|---|"
echo "| before | $(million "$source") | $(total "$source" elements) | $(error "$source") | $(times "$source" 32) | |"
for recipe in "${recipes[@]}"; do
    for seed in "${seeds[@]}"; do
        file=$work/$recipe-$seed.onnx
        started=$(date +%s)
        "${tersor[@]}" apply "$here/$recipe.yaml" "$source" -o "$file" --seed "$seed" "${judging[@]}" --force --quiet
        seconds=$(($(date +%s) - started))
        echo "| $recipe, seed $seed | $(million "$file") | $(total "$file" elements) | $(error "$file") | $(times "$file" 32) | $seconds |"
    done
done

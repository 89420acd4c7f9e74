#!/usr/bin/env bash
# ResNet-56 with half of its multiply-adds: what is left of them, the error on the full test set, and the time of an image on two threads, 32 at a time, in our engine and in ONNX Runtime, before and after. Prints a Markdown table, a row per seed.
#   ./filters.sh SHARED_FOLDER
# SEEDS (default "0 1 2") says which seeds; ROUNDS, SECONDS_EACH and TERSOR_ONNXRUNTIME are as in ../channel-pruning.
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
build_bench
take resnet56

echo "| resnet56 | multiply-adds, millions | parameters | error, % | ours, µs an image | ONNX Runtime, µs | seconds |"
echo "|---|---|---|---|---|---|---|"
echo "| before | $(million "$source") | $(total "$source" elements) | $(error "$source") | $(times "$source" 32) | |"
for seed in "${seeds[@]}"; do
    file=$work/resnet56-$seed.onnx
    started=$(date +%s)
    "${tersor[@]}" apply "$here/resnet56.yaml" "$source" -o "$file" --seed "$seed" "${judging[@]}" --force --quiet
    seconds=$(($(date +%s) - started))
    echo "| seed $seed | $(million "$file") | $(total "$file" elements) | $(error "$file") | $(times "$file" 32) | $seconds |"
done

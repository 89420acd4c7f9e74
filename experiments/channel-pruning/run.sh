#!/usr/bin/env bash
# What cutting channels does to the time of an image: before and after, in our engine and in ONNX Runtime, alone and 32 at a time, on two threads. Prints a Markdown table; weights are not trained further, as the time does not
# depend on them.
#   ./run.sh [SHARED_FOLDER]
# Without SHARED_FOLDER only the sample of this repository is measured. ONNX Runtime needs node, and in TERSOR_ONNXRUNTIME the folder that holds node_modules/onnxruntime-node; its columns say "absent" otherwise.
# MODELS (default "lenet5 resnet20 resnet56"), SECONDS_EACH (default 2) and ROUNDS (default 3) say what is measured and how long; each number is the fastest of the rounds.
set -euo pipefail
shared=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
build_bench
models=(digits)
[[ -z $shared ]] || read -ra models <<< "${MODELS:-lenet5 resnet20 resnet56}"
if [[ -z ${TERSOR_ONNXRUNTIME:-} ]]; then echo "ONNX Runtime is skipped: TERSOR_ONNXRUNTIME does not name the folder of the onnxruntime-node package" >&2; fi

echo "| network | channels | multiply-adds, millions | 1 at a time: ours, µs an image | ONNX Runtime | 32 at a time: ours | ONNX Runtime |"
echo "|---|---|---|---|---|---|---|"
for name in "${models[@]}"; do
    if [[ $name == digits ]]; then
        source=$root/samples/lenet5-digits.onnx
        judging=(--data digits:200,512)
    else
        take "$name"
    fi
    for recipe in whole half anywhere; do
        file=$source
        if [[ $recipe != whole ]]; then
            file=$work/$name-$recipe.onnx
            "${tersor[@]}" apply "$here/$recipe.yaml" "$source" -o "$file" "${judging[@]}" --quiet
        fi
        declare -A called=([whole]="as they are" [half]="half the work, in eights" [anywhere]="half the work, any number")
        echo "| $name | ${called[$recipe]} | $(million "$file") | $(times "$file" 1) | $(times "$file" 32) |"
    done
done

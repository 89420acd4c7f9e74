#!/usr/bin/env bash
# ResNet-56 with half of its multiply-adds: what is left of them, the error on the full test set, and the time of 32 images on two threads in our engine and in ONNX Runtime, before and after. Prints a Markdown table, a row per seed.
#   ./filters.sh SHARED_FOLDER
# SEEDS (default "0 1 2") says which seeds; ONNX Runtime is measured where TERSOR_ONNXRUNTIME names the folder of the onnxruntime-node package. KEEP names a folder for the networks.
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
work=${KEEP:-}
if [[ -z $work ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
read -ra seeds <<< "${SEEDS:-0 1 2}"
rounds=5
take resnet56

# ours MODEL, theirs MODEL: milliseconds for 32 images, the fastest of the rounds.
ours() {
    for ((round = 0; round < rounds; round++)); do
        "${tersor[@]}" evaluate "$1" "${judging[@]}" --batch 32 --threads 2 --limit 512 --quiet --json | number secondsPerImage
    done | sort -g | head -1 | awk '{ printf "%.1f", 32e3 * $1 }'
}
theirs() {
    [[ -n ${TERSOR_ONNXRUNTIME:-} ]] || { echo absent; return; }
    for ((round = 0; round < rounds; round++)); do
        node "$root/bench/Tersor.Bench/Opponents/onnxruntime.mjs" "$TERSOR_ONNXRUNTIME" "$1" 32 2 2
    done | sort -g | head -1 | awk '{ printf "%.1f", $1 }'
}
error() { "${tersor[@]}" evaluate "$1" "${judging[@]}" --quiet --json | number top1 | awk '{ printf "%.2f", 100 - 100 * $1 }'; }
million() { total "$1" multiplyAdds | awk '{ printf "%.1f", $1 / 1e6 }'; }

echo "| resnet56 | multiply-adds, millions | parameters | error, % | ours, ms | ONNX Runtime, ms | seconds |"
echo "|---|---|---|---|---|---|---|"
echo "| before | $(million "$source") | $(total "$source" elements) | $(error "$source") | $(ours "$source") | $(theirs "$source") | |"
for seed in "${seeds[@]}"; do
    file=$work/resnet56-$seed.onnx
    started=$(date +%s)
    "${tersor[@]}" apply "$here/resnet56.yaml" "$source" -o "$file" --seed "$seed" "${judging[@]}" --force --quiet
    seconds=$(($(date +%s) - started))
    echo "| seed $seed | $(million "$file") | $(total "$file" elements) | $(error "$file") | $(ours "$file") | $(theirs "$file") | $seconds |"
done

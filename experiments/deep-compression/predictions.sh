#!/usr/bin/env bash
# SqueezeNet as Deep Compression released it: trained on a few bits a weight to answer the sample images as it did, entropy-coded, and how many of the 128 images keep their class. Prints a Markdown table.
#   ./predictions.sh SHARED_FOLDER
# There are no other images: they are what it is trained on. The second row is trained on half of them, and tells by the held-out half what such a training is worth beyond its images. SEEDS (default "0 1 2") says which seeds,
# HELD (default "0.01 0.5") which parts are held out.
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
read -ra parts <<< "${HELD:-0.01 0.5}"
take squeezenet-v1.0-deep-compressed
apply=("${judging[@]}")
for ((i = 0; i < ${#apply[@]}; i++)); do [[ ${apply[i]} != --batch ]] || unset 'apply[i]' 'apply[i+1]'; done

echo "| trained on | seed | bytes | same class, of 128 | top-1 of held-out images, before | after | seconds |"
echo "|---|---|---|---|---|---|---|"
for held in "${parts[@]}"; do
    for seed in "${seeds[@]}"; do
        started=$(date +%s)
        "${tersor[@]}" apply "$here/squeezenet.yaml" "$source" -o "$work/out.nnc" --seed "$seed" "${apply[@]}" --validation "$held" --force --quiet --json > "$work/log"
        seconds=$(($(date +%s) - started))

        # Of the steps: pruned (what was zero), then trained. One image alone tells nothing.
        mapfile -t top1 < <(held_out "$work/log")
        same=$("${tersor[@]}" evaluate "$source" "$work/out.nnc" --graph "$source" "${judging[@]}" --split test --quiet --json | number sameClass)
        awk -v h="$held" -v s="$seed" -v n="$(stat -c %s "$work/out.nnc")" -v a="$same" -v b="${top1[0]}" -v c="${top1[1]}" -v t="$seconds" 'BEGIN {
            k = int(128 * h + 0.5); told = k > 1 ? sprintf("%.1f %% | %.1f %%", 100 * b, 100 * c) : "|"
            printf "| %d images | %s | %d | %.0f | %s | %d |\n", 128 - k, s, n, a * 128, told, t }'
    done
done

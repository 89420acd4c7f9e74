#!/usr/bin/env bash
# What the pruned weights are worth beside the pruned architecture (Liu et al. 2019, Rethinking the Value of Network Pruning): LeNet-5 on MNIST with filters and neurons cut, top-1 error on the full test set.
# Prints a Markdown table: a row per share of channels and seed, and means with deviations.
#   ./run.sh SHARED_FOLDER
# SEEDS (default "0 1 2") and SHARES (default "0.3 0.5 0.7") say what is run, EPOCHS (default 8) how long the unpruned network is trained; DATA another data set (default mnist:SHARED_FOLDER/data/mnist).
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
read -ra shares <<< "${SHARES:-0.3 0.5 0.7}"
epochs=${EPOCHS:-8}
judging=(--data "${DATA:-mnist:$shared/data/mnist}")
methods=(pruned fine-tuned scratch-e scratch-b)

# transform RECIPE SHARE NETWORK: the recipe on the network, to $work/RECIPE.onnx.
transform() {
    sed "s/epochs: 8/epochs: $epochs/; s/epochs: 2/epochs: $(((epochs + 3) / 4))/; s/share: 0.5/share: $2/" "$here/$1.yaml" > "$work/$1.yaml"
    "${tersor[@]}" apply "$work/$1.yaml" "$3" -o "$work/$1.onnx" "${judging[@]}" --seed "$seed" --force --quiet
}

# statistics COLUMN: mean and deviation of a column of the rows.
statistics() { awk -v c="$1" '{ s += $c; q += $c * $c } END { m = s / NR; v = NR > 1 ? (q - NR * m * m) / (NR - 1) : 0; printf "%.2f ± %.2f", m, sqrt(v > 0 ? v : 0) }' "$work/rows"; }

echo "| channels cut | seed | multiply-adds | unpruned, % | pruned, % | fine-tuned, % | Scratch-E, % | Scratch-B, % |"
echo "|---|---|---|---|---|---|---|---|"
for seed in "${seeds[@]}"; do
    transform unpruned 0 lenet5
    mv "$work/unpruned.onnx" "$work/unpruned-$seed.onnx"
done
for share in "${shares[@]}"; do
    : > "$work/rows"
    for seed in "${seeds[@]}"; do
        row=("$(error "$work/unpruned-$seed.onnx")")
        for method in "${methods[@]}"; do
            transform "$method" "$share" "$work/unpruned-$seed.onnx"
            row+=("$(error "$work/$method.onnx")")
        done
        kept=$(awk -v a="$(total "$work/pruned.onnx" multiplyAdds)" -v b="$(total "$work/unpruned-$seed.onnx" multiplyAdds)" 'BEGIN { printf "%.1f %%", 100 * a / b }')
        echo "${row[*]}" >> "$work/rows"
        echo "| $share | $seed | $kept | ${row[0]} | ${row[1]} | ${row[2]} | ${row[3]} | ${row[4]} |"
    done
    echo "| **$share** | mean | $kept | $(statistics 1) | $(statistics 2) | $(statistics 3) | $(statistics 4) | $(statistics 5) |"
done

#!/usr/bin/env bash
# Lottery tickets on MNIST (Frankle and Carbin 2019; Zhou et al. 2019): LeNet-300-100, whose survivors go back to the initial weights, to early ones, to their signs alone, or to new random weights. Prints a Markdown table:
# errors on held-out train images on the way, and on the full test set at the end; then supermasks of untrained weights.
#   ./run.sh SHARED_FOLDER
# SEEDS (default "0 1 2") and REWINDS (default "initial early signs random") say what is run; DATA another data set (default mnist:SHARED_FOLDER/data/mnist).
set -euo pipefail
shared=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
read -ra rewinds <<< "${REWINDS:-initial early signs random}"
judging=(--data "${DATA:-mnist:$shared/data/mnist}")
rounds=(0 3 7 10 12 15)

echo "| back to | seed | held-out error, %, with 100 % of the weights | 51.2 % | 21.0 % | 10.7 % | 6.9 % | 3.5 % | test error, %, with 3.5 % |"
echo "|---|---|---|---|---|---|---|---|---|"
for rewind in "${rewinds[@]}"; do
    sed "s/rewind: initial/rewind: $rewind/" "$here/ticket.yaml" > "$work/ticket.yaml"
    for seed in "${seeds[@]}"; do
        "${tersor[@]}" apply "$work/ticket.yaml" lenet-300-100 -o "$work/ticket.onnx" "${judging[@]}" --seed "$seed" --force 2> "$work/log" > /dev/null
        row=()
        for round in "${rounds[@]}"; do
            row+=("$(sed -nE "s/.*round $round: .* ([0-9.]+) ?% of the held-out samples right.*/\\1/p" "$work/log" | awk '{ printf "%.2f", 100 - $1 }')")
        done
        echo "| $rewind | $seed | $(printf '%s | ' "${row[@]}")$(error "$work/ticket.onnx") |"
    done
done

echo
echo "| supermask of random weights | seed | test error, % |"
echo "|---|---|---|"
for seed in "${seeds[@]}"; do
    "${tersor[@]}" apply "$here/supermask.yaml" lenet-300-100 -o "$work/mask.onnx" "${judging[@]}" --seed "$seed" --force --quiet
    echo "| half of each layer | $seed | $(error "$work/mask.onnx") |"
done

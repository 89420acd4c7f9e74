#!/usr/bin/env bash
# What weighting, local scaling and corrections win: bytes of the whole file (topology included), and top-1, loss and share of unchanged answers on the full test set, measured
# on what is decoded from it. Prints a Markdown table.
#   ./corrections.sh SHARED_FOLDER [MODEL...]
set -euo pipefail
shared=$1
models=("${@:2}")
[ ${#models[@]} -gt 0 ] || models=(lenet5 resnet20)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

# A row of settings per line; without batch normalization nothing is re-estimated.
settings_of() {
    echo ""
    echo "--weighting fisher"
    echo "--weighting empirical"
    echo "--weighting outputs"
    echo "--local-scaling"
    echo "--bias-correction"
    echo "--tune-vectors"
    [[ $1 == lenet* ]] && return
    echo "--reestimate-batch-norm"
    echo "--bias-correction --reestimate-batch-norm"
    echo "--weighting outputs --reestimate-batch-norm"
}


echo "| model | quality | options | bytes | top-1 | drop in points | loss |"
echo "|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    take "$model"
    files=("$source")
    rows=("| original | |")
    for quality in 50 40 30; do
        while read -r settings; do
            files+=("$work/$model-${#files[@]}.nnc")
            read -ra options <<< "$settings"
            data_options=()
            [[ $settings =~ weighting|correction|reestimate|tune ]] && data_options=("${judging[@]}" --limit 1)
            "${tersor[@]}" compress "$source" -o "${files[-1]}" --quality "$quality" --quiet "${options[@]}" "${data_options[@]}" > /dev/null
            rows+=("| $quality | ${settings:-none} |")
        done < <(settings_of "$model")
    done

    report=$("${tersor[@]}" evaluate "${files[@]}" "${judging[@]}" --json --quiet)
    mapfile -t fractions < <(grep -E '^      "top1":' <<< "$report" | sed 's/.*: *//; s/,$//')
    mapfile -t losses < <(grep -E '^      "loss":' <<< "$report" | sed 's/.*: *//; s/,$//')
    for i in "${!files[@]}"; do
        awk -v r="$model ${rows[i]}" -v b="$(stat -c %s "${files[i]}")" -v c="${fractions[i]}" -v d="${fractions[0]}" -v l="${losses[i]}" -v first="$i" \
            'BEGIN { printf "| %s %d | %.2f | %s | %.4f |\n", r, b, c * 100, first == 0 ? "" : sprintf("%.2f", (d - c) * 100), l }'
    done
done

#!/usr/bin/env bash
# What retraining buys: the networks of the published tables through recipes, medians of three seeds. A row per recipe: bytes of the whole file; bytes of what papers count (weights, their tables and
# biases, without graph, names and headers); top-1 error of what is decoded from the file, on the full test set, which nothing was chosen by. Prints a Markdown table.
#   ./run.sh SHARED_FOLDER [RECIPE...]
# RECIPE is the name of a file of this folder without .yaml; SEEDS (default "0 1 2") says which seeds.
set -euo pipefail
shared=$1
recipes=("${@:2}")
[ ${#recipes[@]} -gt 0 ] || recipes=(lenet-300-100-published lenet-300-100 lenet5-published lenet5 resnet20)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"

# The part of the train samples that judges steps and is not trained on: a tenth, but where every image counts.
declare -A held=([resnet20]=0.02)

echo "| recipe | seed | bytes | as papers count | times smaller | error before, % | error, % | seconds |"
echo "|---|---|---|---|---|---|---|---|"
for recipe in "${recipes[@]}"; do
    take "${recipe%-published}"
    parameters=$(total "$source" elements)
    : > "$work/rows"
    for seed in "${seeds[@]}"; do
        started=$(date +%s)
        if grep -q '^  - compress' "$here/$recipe.yaml"; then
            file=$work/out.nnc

            # Exit code 5 is a budget that was missed: its row says by how much.
            "${tersor[@]}" apply "$here/$recipe.yaml" "$source" -o "$file" --seed "$seed" --validation "${held[$recipe]:-0.1}" "${judging[@]}" --force --quiet --json > "$work/log" || [ $? -eq 5 ]
            counted=$("${tersor[@]}" inspect "$file" --json | awk -F'[:,]' '/"bytes":/ { bytes = $2 } /"type": "compressedData"/ { total += bytes } END { print total }')
        else
            file=$work/out.dcz
            "${tersor[@]}" apply "$here/$recipe.yaml" "$source" -o "$work/out.onnx" --seed "$seed" --validation "${held[$recipe]:-0.1}" "${judging[@]}" --force --quiet --json > "$work/log"
            "${tersor[@]}" convert "$work/out.onnx" -o "$file" --force --quiet
            counted=$("${tersor[@]}" inspect "$file" --json | number publishedBytes)
        fi
        seconds=$(($(date +%s) - started))
        for judged in "$source" "$file"; do
            graph=()
            [[ $judged == *.nnc ]] && graph=(--graph "$source")
            "${tersor[@]}" evaluate "$judged" "${graph[@]}" "${judging[@]}" --quiet --json | number top1 >> "$work/top1-$seed"
        done
        mapfile -t top1 < "$work/top1-$seed"
        rm "$work/top1-$seed"
        awk -v s="$seed" -v n="$(stat -c %s "$file")" -v c="$counted" -v p="$parameters" -v b="${top1[0]}" -v a="${top1[1]}" -v t="$seconds" \
            'BEGIN { printf "%s %d %d %.1f %.2f %.2f %d\n", s, n, c, 4 * p / n, 100 - 100 * b, 100 - 100 * a, t }' >> "$work/rows"
        tail -1 "$work/rows" | awk -v r="$recipe" '{ printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r, $1, $2, $3, $4, $5, $6, $7 }'
    done
    for column in 2 3 4 5 6 7; do cut -d' ' -f$column "$work/rows" | median; done \
        | paste -sd' ' | awk -v r="$recipe" '{ printf "| **%s** | median | **%s** | %s | **%s** | %s | **%s** | %s |\n", r, $1, $2, $3, $4, $5, $6 }'
done

#!/usr/bin/env bash
# Which share of zeros a recipe of this folder can afford, by samples held out of the train set alone: a row per share, with the held-out error after the last step that changes weights and the bytes of
# the file. The share for the recipe is the largest whose error is at most what is asked. Prints a Markdown table.
#   ./choose.sh SHARED_FOLDER RECIPE ASKED_ERROR_PERCENT SHARE...
# SEEDS (default "3 4 5", none of those that are reported) says which seeds; errors and bytes are medians.
set -euo pipefail
shared=$1 recipe=$2 asked=$3
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../models.sh
source "$here/../models.sh"
read -ra seeds <<< "${SEEDS:-3 4 5}"
take "$recipe"

echo "| recipe | zeros | held-out error, % | bytes | at most $asked % |"
echo "|---|---|---|---|---|"
for share in "${@:4}"; do
    sed "0,/sparsity:.*/s//sparsity: $share/" "$here/$recipe.yaml" > "$work/recipe.yaml"
    : > "$work/errors"
    : > "$work/bytes"
    for seed in "${seeds[@]}"; do
        # What the test set says of this run is not read.
        "${tersor[@]}" apply "$work/recipe.yaml" "$source" -o "$work/out.nnc" --seed "$seed" "${judging[@]}" --force --quiet --json > "$work/log"
        held_out "$work/log" | tail -1 | awk '{ printf "%.2f\n", 100 - 100 * $1 }' >> "$work/errors"
        stat -c %s "$work/out.nnc" >> "$work/bytes"
    done
    error=$(median < "$work/errors")
    awk -v r="$recipe" -v s="$share" -v e="$error" -v b="$(median < "$work/bytes")" -v a="$asked" \
        'BEGIN { printf "| %s | %s | %s | %d | %s |\n", r, s, e, b, e <= a ? "yes" : "no" }'
done

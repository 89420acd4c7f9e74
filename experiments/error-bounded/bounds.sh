#!/usr/bin/env bash
# Error-bounded files of the models of ../shared, as Markdown tables on stdout: beside SZ3 at equal bounds, by predictor, pointwise, and what a bound costs in accuracy.
#   experiments/error-bounded/bounds.sh [SHARED]
# SHARED is the folder with the models and data sets; by default ../shared beside the repository. Needs jq.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
shared=${1:-$root/../shared}
tersor=$root/src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build "$root/src/Tersor.Cli" -c Release -v q --nologo >&2

# Bytes that SZ3 3.3.2 with zstd 1.5.4 makes at an absolute bound, the smallest of its algorithms (no prediction, interpolation + Lorenzo, Lorenzo + regression) for the
# whole model, each weight tensor as one row; the tensors of one dimension as raw float32; no names, no shapes: peers.json.
declare -A reference=(
    [lenet-300-100]='0.0625:16294 0.0546875:19052 0.046875:22878 0.0390625:27555 0.03125:34133 0.02734375:38222 0.0234375:43719 0.01953125:49494 0.015625:57369 0.013671875:62697
        0.01171875:68387 0.009765625:75809 0.0078125:85706 0.0068359375:91733 0.005859375:98029 0.0048828125:109393 0.00390625:120126 0.00341796875:125050 0.0029296875:135446
        0.00244140625:144400 0.001953125:156013'
    [lenet5]='0.046875:10427 0.0390625:15448 0.03125:24243 0.02734375:30722 0.0234375:39353 0.01953125:51135 0.015625:67587 0.013671875:77879 0.01171875:89342 0.009765625:102333
        0.0078125:116975 0.0068359375:125974 0.005859375:139157'
    [resnet20]='0.015625:135218 0.01171875:150587'
)
models=(lenet-300-100 lenet5 resnet20)

compress() { # model file, options...: the report as JSON
    "$tersor" compress "$shared/models/$1" -o "$work/out.nnc" --force --quiet --json "${@:2}"
}

grouped() { echo "$1" | sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta'; }
percent() { LC_ALL=C awk -v a="$1" -v b="$2" 'BEGIN { printf "%+.1f", 100 * (a - b) / b }'; }
bytes() { compress "$1.safetensors" --topology none --error-bound "${@:2}" | jq .totals.bytes; }

echo "| model | bound on every weight | SZ3 | ours, 1-D tensors raw too | difference | our whole file, 1-D tensors bounded | largest error |"
echo "|---|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    for pair in ${reference[$model]}; do
        bound=${pair%:*} theirs=${pair#*:}
        json=$(compress "$model.safetensors" --topology none --error-bound "abs:$bound")
        alike=$(jq '[.tensors[] | if (.shape | length) > 1 then .bytes else .sourceBytes end] | add' <<<"$json")
        echo "| $model | $bound | $(grouped "$theirs") | $(grouped "$alike") | $(percent "$alike" "$theirs") % | $(grouped "$(jq .totals.bytes <<<"$json")") | $(jq .totals.maxAbs <<<"$json") |"
    done
done

echo
echo "| model | bound | zero | lorenzo | regression | auto |"
echo "|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    for bound in 0.03 0.01 0.001; do
        row="| $model | rel:$bound |"
        for predictor in zero lorenzo regression auto; do row+=" $(grouped "$(bytes "$model" "rel:$bound" --predictor "$predictor")") |"; done
        echo "$row"
    done
done

echo
echo "| model | pointwise:0.1 | pointwise:0.01 | pointwise:0.001 |"
echo "|---|---|---|---|"
for model in "${models[@]}"; do
    row="| $model |"
    for bound in 0.1 0.01 0.001; do row+=" $(grouped "$(bytes "$model" "pointwise:$bound")") |"; done
    echo "$row"
done

echo
echo "| model | bound | bytes | times smaller | top-1 before | after |"
echo "|---|---|---|---|---|---|"
while read -r model data flags; do
    for bound in rel:0.1 rel:0.05 rel:0.03 rel:0.01 rel:0.001 pointwise:0.1; do
        # Word splitting of the flags is meant.
        # shellcheck disable=SC2086
        compress "$model.onnx" --error-bound "$bound" --data "${data/:/:$shared/data/}" $flags \
            | jq -r --arg model "$model" --arg bound "$bound" \
                'def percent: . * 10000 | round / 100; "| \($model) | \($bound) | \(.totals.bytes) | \(.totals.ratio * 10 | round / 10) | \(.models[0].top1 | percent) | \(.models[1].top1 | percent) |"'
    done
done << 'MODELS'
lenet-300-100 mnist:mnist
lenet5 mnist:mnist
resnet20 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
MODELS

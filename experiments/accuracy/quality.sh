#!/usr/bin/env bash
# What each quality costs on real models: bytes of the whole file (topology included) and top-1 on the full test set, measured on the ONNX file that
# `tersor decompress` gives back. Prints a Markdown table.
#   npm install --ignore-scripts onnxruntime-node     (in this folder)
#   ./quality.sh SHARED_FOLDER [QUALITY...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=$1
shift
qualities=("$@")
[ ${#qualities[@]} -gt 0 ] || qualities=(90 80 70 60 50 40 30 20)
dotnet build "$here/../../src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=("dotnet" "$here/../../src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A data=([lenet-300-100]="mnist:$shared/data/mnist" [lenet5]="mnist:$shared/data/mnist" [resnet20]="cifar10:$shared/data/cifar10"
    [resnet56]="cifar10:$shared/data/cifar10" [resnet8-mlperf-tiny]="cifar10-raw:$shared/data/cifar10")
models=(${MODELS:-lenet-300-100 lenet5 resnet20 resnet56 resnet8-mlperf-tiny})

echo "| model | quality | bytes | times smaller | top-1 | drop in points |"
echo "|---|---|---|---|---|---|"
for model in "${models[@]}"; do
    dense=$(cd "$here" && node evaluate.mjs "${data[$model]}" "$shared/models/$model.onnx" | cut -f2)
    source_bytes=$(stat -c %s "$shared/models/$model.onnx")
    echo "| $model | original | $source_bytes | 1 | $(awk "BEGIN { printf \"%.2f\", $dense / 100 }") | |"
    for quality in "${qualities[@]}"; do
        "${tersor[@]}" compress "$shared/models/$model.onnx" -o "$work/model.nnc" --quality "$quality" --force --quiet > /dev/null
        "${tersor[@]}" decompress "$work/model.nnc" -o "$work/model.onnx" --force --quiet > /dev/null
        bytes=$(stat -c %s "$work/model.nnc")
        correct=$(cd "$here" && node evaluate.mjs "${data[$model]}" "$work/model.onnx" | cut -f2)
        awk -v m="$model" -v q="$quality" -v b="$bytes" -v s="$source_bytes" -v c="$correct" -v d="$dense" \
            'BEGIN { printf "| %s | %s | %d | %.1f | %.2f | %.2f |\n", m, q, b, s / b, c / 100, (d - c) / 100 }'
    done
done
